"""What the gateway costs: Envoy's CPU time with it, with the floor (two lean filters) and bare, in the same run.

`make bench` builds what this needs, runs it and writes docs/benchmarks.md. QUICK=1 takes some three minutes and writes
nothing but its table; ROUNDS= is the number of rounds. A proxy that runs already is measured too with
EXTRA=NAME=PID:PORT, with all its processes: it has to answer POST /v1/chat/completions from a provider of its own.
"""

import argparse
import json
import sys

from rounds import FAILING, PLAIN, STREAM, Rounds
from stand import RUN, Stand, Target

VARIANTS = ("bare", "floor", "sluice")


def main():
    arguments = _arguments()
    extra = [_peer(text) for text in arguments.extra]
    workloads = [*PLAIN, STREAM] if arguments.quick else [*PLAIN, STREAM, *FAILING]
    if arguments.only:
        workloads = [own for own in workloads if arguments.only in own.name]
    rounds = arguments.rounds or (5 if arguments.quick else 15)
    found = {"cost": {}}
    with Stand() as stand:
        targets = [stand.envoy(name) for name in arguments.variants.split(",")] + extra
        for workload in workloads:
            run = Rounds(stand, targets, workload, seconds=0.3)
            run.run(rounds)
            found["cost"][workload.name] = run.result()
            _print(workload.name, rounds, found["cost"][workload.name])
    (RUN / "found.json").write_text(json.dumps(found, indent=1))


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="plain answers and streams, few rounds")
    parser.add_argument("--only", default="", help="workloads with this text in their name")
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--extra", action="append", default=[], metavar="NAME=PID:PORT")
    return parser.parse_args()


def _peer(text):
    name, _, place = text.partition("=")
    pid, _, port = place.partition(":")
    if not (name and pid.isdigit() and port.isdigit()):
        sys.exit(f"--extra {text}: not NAME=PID:PORT")
    return Target(name, int(pid), int(port))


def _print(name, rounds, result):
    print(f"\n{name}, {rounds} rounds\n")
    print(f"{'':<10}{'CPU µs':>10}{'ratio':>8}{'quartiles':>15}{'req/s':>9}{'p50 µs':>9}{'p99 µs':>9}{'failed':>8}")
    for target, own in result.items():
        quartiles = f"{own['low']:.2f}–{own['high']:.2f}"
        print(
            f"{target:<10}{own['cpu_us']:>10.1f}{own['ratio']:>8.2f}{quartiles:>15}{own['per_second']:>9.0f}"
            f"{own['p50_us']:>9.0f}{own['p99_us']:>9.0f}{own['failed']:>8}",
            flush=True,
        )


if __name__ == "__main__":
    main()
