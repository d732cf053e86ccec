"""What a request takes of Envoy in instructions, in misses of the caches and in code: figures without noise.

`make bench-instructions` prints it. It needs valgrind, whose `callgrind` runs Envoy with V8's code in it; the kernel is not in
it, and Envoy's allocator is slower there (it has no caches by core under valgrind, 80 to 110 instructions a call).
"""

import collections
import os
import re
import shutil
import subprocess
import sys
import time

from rounds import PLAIN
from stand import OTHERS_CPU, RUN, Stand

WARM, COUNTED = 1500, 1000
CONNECTIONS = 4
LINE = 64
CACHES = ("--cache-sim=yes", f"--I1=32768,8,{LINE}", f"--D1=49152,12,{LINE}", f"--LL=1048576,16,{LINE}")
# A record goes to the sidecar on a tick. There are a hundred times as many of those to a request as there should be.
FLUSH_MS = 5000
COLUMNS = ("instructions", "I1 misses", "D1 misses", "L2 misses", "Envoy's code, KB", "the module's, KB")


def main():
    os.sched_setaffinity(0, {int(OTHERS_CPU)})
    if not shutil.which("valgrind"):
        sys.exit("valgrind is needed (Debian, Ubuntu: apt install valgrind)")
    print(f"| {PLAIN[0].name} | {' | '.join(COLUMNS)} |\n|{' --- |' * (1 + len(COLUMNS))}")
    with Stand(flush_ms=FLUSH_MS) as stand:
        for name in ("bare", "floor", "sluice"):
            print(f"| {name} | {' | '.join(f'{number:,.0f}' for number in count(stand, name))} |", flush=True)


def count(stand, variant):
    """The figures of one, a request."""
    dump, done, _ = run(stand, variant)
    sums, lines = collections.Counter(), collections.Counter()
    for is_module, address, costs in places(dump):
        sums.update(costs)
        line = (is_module, address // LINE)
        lines[line] = max(lines[line], costs["Ir"])
    # Code that at least every other request runs through.
    used = collections.Counter(is_module for (is_module, _), number in lines.items() if number * 2 > done)
    misses = (sums["I1mr"], sums["D1mr"] + sums["D1mw"], sums["ILmr"] + sums["DLmr"] + sums["DLmw"])
    figures = [number / done for number in (sums["Ir"], *misses)]
    return [*figures, *(used[is_module] * LINE / 1024 for is_module in (False, True))]


def run(stand, variant, look=lambda pid: None):
    """Runs one under callgrind: its dump, how many requests it is of, and what `look` sees of the process before its end."""
    out = RUN / f"callgrind.{variant}"
    for old in RUN.glob(f"{out.name}*"):
        old.unlink()
    tool = ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--dump-instr=yes", "--smc-check=all-non-file", *CACHES]
    target = stand.envoy(variant, name=f"{variant}-callgrind", under=[*tool, f"--callgrind-out-file={out}"])
    arguments = PLAIN[0].arguments()
    stand.load(target, arguments, WARM, CONNECTIONS, seconds=300)
    time.sleep(2 * FLUSH_MS / 1000)
    _control("--instr=on", target)
    done = stand.load(target, arguments, COUNTED, CONNECTIONS, seconds=300)["done"]
    _control("--dump", target)
    seen = look(target.pid)
    stand.stop(target)
    return out.with_name(f"{out.name}.1"), done, seen


def _control(option, target):
    subprocess.run(["callgrind_control", option, str(target.pid)], check=True, capture_output=True)
    time.sleep(1)


def places(dump):
    """What a dump of callgrind tells of each address: (whether it is V8's code, the address, {event: cost})."""
    for own, address, costs, call in _lines(dump):
        if not call:  # what it called has lines of its own
            yield "???" in own and address > 0x10000000, address, costs


def calls(dump):
    """The calls that a dump tells of: (where from, where to, how many, instructions with all that they call)."""
    for _, address, costs, call in _lines(dump):
        if call:
            yield address, *call, costs["Ir"]


def _lines(dump):
    """Each line of costs: (the object it is of, the address, {event: cost}, (where to, how many) of a call)."""
    objects, events, own, call, address, target = {}, [], "", None, 0, 0
    for text in dump.read_text(errors="replace").splitlines():
        word, _, rest = text.partition("=")
        if text.startswith("events:"):
            events = text.split()[1:]
        elif word in ("ob", "cob"):
            number, name = re.match(r"(\(\d+\))\s*(.*)", rest).groups()
            objects.setdefault(number, name)
            own = objects[number] if word == "ob" else own
        elif word == "calls":
            count, place, *_ = rest.split()
            target = _moved(target, place)
            call = (target, int(count))
        elif re.match(r"[-+*0]", text):
            place, _, *costs = text.split()
            address = _moved(address, place)
            costs = dict(zip(events, map(int, costs)))  # zeros at the end are left out
            yield own, address, dict.fromkeys(events, 0) | costs, call
            call = None


def _moved(address, place):
    """Callgrind's way to write an address: as the last one, by the difference to it, or whole."""
    return address if place == "*" else (address if place[0] in "+-" else 0) + int(place, 0)


if __name__ == "__main__":
    main()
