"""The tables: on stdout while it runs, and as docs/benchmarks.md with its chart at the end."""

import chart
import peers
from more import MIX
from stand import ROOT

PAGE = ROOT / "docs/benchmarks.md"
CHART = ROOT / "docs/benchmarks.svg"


def show(name, result):
    """One workload on stdout."""
    print(f"\n{name:<16}{'CPU µs':>10}{'ratio':>8}{'quartiles':>13}{'least':>8}{'to floor':>10}{'req/s':>9}{'p50 µs':>10}{'p99 µs':>10}{'failed':>8}")
    for target, own in result.items():
        quartiles = f"{own['low']:.2f}–{own['high']:.2f}"
        to_floor = f"{own['to_floor'][1]:.2f}" if own["to_floor"] else "–"
        print(
            f"{target:<16}{own['cpu_us']:>10.1f}{own['ratio']:>8.2f}{quartiles:>13}{own['least']:>8.2f}{to_floor:>10}"
            f"{own['per_second']:>9.0f}{own['p50_us']:>10.0f}{own['p99_us']:>10.0f}{own['failed']:>8}",
            flush=True,
        )


def write(found):
    """The page and its chart."""
    ratios = {name: {target: own["ratio"] for target, own in row.items()} for name, row in found["one"].items()}
    series = list(next(iter(ratios.values())))
    note = f"1.00 is bare Envoy in the same round. {found['machine']['CPU']}, {found['machine']['date']}."
    CHART.write_text(chart.bars("Envoy's CPU time for a request", note, ratios, series, peers.MUST), encoding="utf-8")
    PAGE.write_text("\n".join(_page(found)), encoding="utf-8")
    print(f"\nwritten: {PAGE.relative_to(ROOT)}, {CHART.relative_to(ROOT)}")


def _page(found):
    yield "# What it costs\n"
    yield "Written by `make bench`. A figure is Envoy's own CPU time (user and system, all its threads) for a request, beside that"
    yield "of a bare Envoy in the same round: this ratio holds from machine to machine, the time does not. The *least* is the ratio of"
    yield "the cheapest rounds: on a machine that does other things too it is nearer to the truth than the median.\n"
    yield "![Ratios to bare Envoy](benchmarks.svg)\n"
    yield "| target | what it is |\n|---|---|"
    yield "| `bare` | the [reference configuration](../envoy/envoy.yaml) without any Wasm: the same listener and filters of Envoy's own, a cluster that stands in the route |"
    yield "| `floor` | two [lean filters](../bench/floor/src/lib.rs) at the same places: plan, limits, headers, model and a look at the answer by the fewest host calls; no parse, no key check, no meter, no record |"
    yield "| `sluice` | the reference configuration with everything on: key check, full validation, plan, model rewritten, gate, meter, headers of the answer, records shipped to a real sidecar |\n"
    yield "## A request that one provider answers\n"
    yield from _cost(found["one"], goals=True)
    yield from _honest(found)
    yield "What it is made of, call by call, and what stands in the way of the aim: [where the time goes](profile.md).\n"
    yield "## Two attempts: the first provider answers 500\n"
    yield "`bare` is sent again by a retry policy of the route. Nothing cools down.\n"
    yield from _cost(found["two"])
    yield "## Nearer to production: TLS to the provider, a JSON access log\n"
    yield from _cost(found["production"])
    yield from _rest(found)
    yield from _elsewhere()
    yield "## Run it again\n"
    yield "    make bench                            # some twenty minutes; writes this page"
    yield "    make bench QUICK=1                    # the first table on stdout, some three minutes"
    yield "    make bench ROUNDS=31 EXTRA=NAME=PID:PORT    # a proxy that runs already beside it, with all its processes\n"
    yield "Linux with two cores at least. Envoy with `--concurrency 1` has core 0; the load, the provider and the sidecar share"
    yield f"core 1. The rounds go through all targets in turn, after {found['starts']} starts of all of them: one process of a target"
    yield "differs from the next by 2 or 3 %, by where its memory comes to lie. A batch lasts 0.3 s (a stream 1 s), and what comes after it, such as"
    yield "the delivery of records, counts too. A ratio is the median of those to the bare Envoy just before and after, or to the floor in the"
    yield "same round; its quartiles stand beside it. Bodies have `messages` before `model`, as OpenAI's SDKs write them, so that the"
    yield "rewrite of the model reaches over the whole body.\n"
    yield _table(("", ""), [(name, text) for name, text in found["machine"].items()])


def _cost(rows, goals=False):
    targets = list(next(iter(rows.values())))
    others = targets[1:]
    head = ["", "`bare` µs", *(f"`{name}`" for name in others), "rounds", "quartiles of `sluice`", "its least", "to `floor`"]
    lines = []
    for name, row in rows.items():
        line = [name, f"{row['bare']['cpu_us']:.0f}"]
        line += [f"{row[one]['ratio']:.2f} ({row[one]['cpu_us']:.0f} µs)" if one in row else "–" for one in others]
        own = row["sluice"]
        line += [str(own["rounds"]), f"{own['low']:.2f}–{own['high']:.2f}", f"{own['least']:.2f}", "{1:.2f} ({0:.2f}–{2:.2f})".format(*own["to_floor"])]
        if goals:
            line += [f"{peers.MUST[name]:.2f}", f"{peers.GOAL[name]:.2f}"]
        lines.append(line)
    yield _table([*head, "at most", "aim"] if goals else head, lines)


def _honest(found):
    """Where we are slower than something."""
    yield "Slower than:\n"
    yield "- bare Envoy, everywhere, by what the table says."
    rows = found["one"]
    above = [name for name, row in rows.items() if row["sluice"]["to_floor"][1] > peers.FLOOR]
    yield f"- {peers.FLOOR} times the floor: {', '.join(above) or 'nowhere'}."
    above = [name for name, row in rows.items() if row["sluice"]["ratio"] > peers.MUST[name]]
    yield f"- what we hold to be the most it may cost: {', '.join(above) or 'nowhere'}."
    above = [name for name, row in rows.items() if peers.MUST[name] >= row["sluice"]["ratio"] > peers.GOAL[name]]
    yield f"- what we aim at, though within the most: {', '.join(above) or 'nowhere'}."
    native = dict(zip(rows, peers.RATIOS[peers.NATIVE]))
    above = [name for name, ratio in native.items() if ratio and rows[name]["sluice"]["ratio"] > ratio]
    yield f"- {peers.NATIVE}, as measured elsewhere: {', '.join(above) or 'nowhere'}.\n"


def _rest(found):
    yield "## Latency and throughput, 10 KB\n"
    yield f"At {found['rate']} requests a second over 64 connections, and as many as go over 16: the load shares a core with the provider"
    yield "and the sidecar, so that these say less than the CPU time. A request that has to wait for a connection counts from when it"
    yield "was due.\n"
    lines = [
        (name, f"{own['p50_us']:.0f}", f"{own['p99_us']:.0f}", f"{own['per_second']:.0f}", str(own["failed"]))
        for name, own in found["latency"].items()
    ]
    yield _table(("", "p50 µs", "p99 µs", "most a second", "failed"), lines)
    yield "## Memory and start\n"
    mix = ", ".join(f"{share} % {size}" for size, share in MIX.items())
    count = f"{found['memory']['bare']['requests']:,}"
    yield f"Resident memory of the whole Envoy with one worker, in MB of 10⁶ bytes, before and after {count} requests"
    yield f"({mix}). Start is until Envoy serves: the median, and the least, of five.\n"
    lines = []
    for name, own in found["memory"].items():
        tenths, start = own["tenths_mb"], found["start"][name]
        line = (name, own["idle_mb"], own["worker_mb"], tenths[0], tenths[-1], tenths[-1] - tenths[0])
        lines.append((line[0], *(f"{mb:.1f}" for mb in line[1:]), str(own["failed"]), f"{start['median_s']:.2f} ({start['least_s']:.2f})"))
    yield _table(("", "idle", "each worker more", "after a tenth", "after all", "grown between", "failed", "start s"), lines)
    yield "## Two workers\n"
    yield "CPU time for a request of 10 KB. The second core has the load and the provider too, which take the cache from the worker that"
    yield "runs there. So two workers of a process stand beside two processes of one worker, on the same cores: where they take nothing"
    yield "from each other, they need as much, and do twice as much as one.\n"
    lines = []
    for name, own in found["workers"].items():
        times = [f"{own[key]:.1f}" for key in ("alone", "apart", "both")]
        lines.append((name, *times, f"{2 * own['apart'] / own['both']:.2f}", f"{2 * own['alone'] / own['both']:.2f}"))
    heads = ("one worker, µs", "two processes, µs", "two workers, µs", "two do as much as so many", "beside one that has a core for itself")
    yield _table(("", *heads), lines)
    yield "## The sidecar's intake\n"
    own = found["ingest"]
    yield f"{own['per_second']:.0f} records a second in batches of 200, one batch after the other, with {own['cpu_us']:.0f} µs of the sidecar's CPU time for each;"
    yield "each batch is on disk before it is answered.\n"


def _elsewhere():
    yield "## Others, measured elsewhere\n"
    yield f"On {peers.DATE}, by the same method on a machine of the same kind, and not in this run. Bare there is the leanest Envoy: one"
    yield "listener, one route, one cluster.\n"
    lines = [(name, *(f"{own:,}" if own else "–" for own in ratios)) for name, ratios in peers.RATIOS.items()]
    yield _table(("ratio to bare Envoy", *peers.MUST), lines)
    yield f"{peers.REST}\n"


def _table(head, lines):
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
