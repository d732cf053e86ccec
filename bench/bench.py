"""What the gateway costs: Envoy's CPU time with it, with the floor (two lean filters) and bare, in the same run.

`make bench` builds what this needs, runs it and writes docs/benchmarks.md. QUICK=1 prints the first table only, and writes
nothing; ROUNDS= is the number of rounds, two at least. A proxy that runs already is measured too with EXTRA=NAME=PID:PORT,
with all its processes, where one provider answers: it has to serve POST /v1/chat/completions from a provider of its own.
Another build of the filter stands beside this one with BENCH="--module NAME=PATH".
"""

import argparse
import json
import os
import signal
import sys

import machine
import more
import report
from rounds import FAILING, PLAIN, STREAM, Rounds, result
from stand import OTHERS_CPU, RUN, Stand, Target

RATE = 1000  # requests a second
# One process of a target differs from the next by 2 or 3 %, by where its memory comes to lie: all of them are started so often.
STARTS = 3
VARIANTS = ("bare", "floor", "sluice")
# Where the gateway itself is most of what is measured, so many times the rounds.
SMALL_ROUNDS = 3
# Of each setting: what it is called, the workloads, and how its stand differs.
SETTINGS = {
    "one": ("one attempt", [*PLAIN, STREAM], {}),
    "two": ("two attempts", FAILING, {"steady": True}),
    "production": ("nearer to production", [*PLAIN, STREAM], {"production": True}),
}


def main():
    arguments = _arguments()
    os.sched_setaffinity(0, {int(OTHERS_CPU)})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what runs is stopped
    starts = 1 if arguments.quick else STARTS
    share = max(2, -(-(arguments.rounds or (5 if arguments.quick else 15)) // starts))  # rounds a start
    found = {"machine": machine.describe(), "rounds": share * starts, "starts": starts}
    for key in ["one"] if arguments.quick else SETTINGS:
        found[key] = _setting(key, share, starts, arguments)
    if not (arguments.quick or arguments.only or arguments.module or not set(VARIANTS) <= set(arguments.variants.split(","))):
        found.update(_rest(arguments))
        report.write(found)
        (RUN / "found.json").write_text(json.dumps(found, indent=1))


def _setting(key, share, starts, arguments):
    """{workload: {target: figures}}."""
    title, workloads, options = SETTINGS[key]
    print(f"\n» {title}: Envoy's CPU time a request, {share * starts} rounds")
    workloads = [workload for workload in workloads if arguments.only in workload.name]
    runs = {workload.name: [] for workload in workloads}
    variants = [name for name in arguments.variants.split(",") if (name, key) != ("router", "two")]
    variants += [name for name, _ in arguments.module]
    for _ in range(starts):
        with Stand(modules=arguments.module, **options) as stand:
            targets = [stand.envoy(name) for name in variants]
            targets += [_peer(text) for text in arguments.extra if key == "one"]
            for workload in workloads:
                run = Rounds(stand, targets, workload, seconds=0.3)
                run.run(share * (SMALL_ROUNDS if key == "one" and workload.is_small else 1))
                runs[workload.name].append(run)
    found = {name: result(own) for name, own in runs.items()}
    for name, figures in found.items():
        report.show(name, figures)
    return found


def _rest(arguments):
    """All that is not measured in rounds."""
    variants = arguments.variants.split(",")
    found = {"rate": RATE}
    print("\n» latency, memory, start, workers, intake")
    with Stand() as stand:
        targets = [stand.envoy(name) for name in variants] + [_peer(text) for text in arguments.extra]
        found["latency"] = more.latency(stand, targets, RATE, seconds=10)
    with Stand() as stand:
        found["start"] = more.start(stand, variants, times=5)
        found["memory"] = more.memory(stand, variants, requests=100_000)
    with Stand() as stand:
        found["workers"] = more.workers(stand, variants, seconds=10)
        if stand.intake:
            found["ingest"] = more.ingest(stand.intake, seconds=5)
    return found


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="one attempt only, few rounds")
    parser.add_argument("--only", default="", help="workloads with this text in their name, and nothing else")
    parser.add_argument("--variants", default=",".join(VARIANTS), help="bare is the first; router is the leanest Envoy that answers")
    parser.add_argument("--module", action="append", default=[], type=_module, metavar="NAME=PATH", help="of the filter, once more")
    parser.add_argument("--extra", action="append", default=[], metavar="NAME=PID:PORT")
    return parser.parse_args()


def _module(text):
    name, _, path = text.partition("=")
    if not (name and os.path.isfile(path)):
        raise argparse.ArgumentTypeError(f"{text}: not NAME=PATH")
    return name, path


def _peer(text):
    name, _, place = text.partition("=")
    pid, _, port = place.partition(":")
    if not (name and pid.isdigit() and port.isdigit()):
        sys.exit(f"--extra {text}: not NAME=PID:PORT")
    return Target(name, int(pid), int(port))


if __name__ == "__main__":
    main()
