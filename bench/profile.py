"""What the module does under load, how often it calls what and which way its branches go: `make profile`.

An Envoy runs a module that counts it (filter/trim/src/counting.rs); its memory is read while it lives.
"""

import os
import pathlib
import re
import struct
import sys

from mappings import mappings
from rounds import FAILING, PLAIN, STREAM
from stand import OTHERS_CPU, Stand

MAGIC = b"sluice-count"
HEAD = struct.Struct(f"<{len(MAGIC)}sI")
MOST = 1 << 30  # a mapping that is larger is what V8 has reserved
# What is asked, and how often: most requests are small, and few fail.
LOAD = [*zip(PLAIN, (600, 300, 50, 5)), (STREAM, 60), *zip(FAILING, (20, 10, 2, 1)), (FAILING[-1], 10)]


def main():
    module, out = map(pathlib.Path, sys.argv[1:])
    os.sched_setaffinity(0, {int(OTHERS_CPU)})
    sums = []
    for steady in (False, True):
        with Stand(steady=steady, modules=[("counting", module)]) as stand:
            target = stand.envoy("counting")
            for workload, requests in LOAD:
                if workload.fails == steady:
                    stand.load(target, workload.arguments(), requests, connections=4, seconds=120)
            target.rest()
            found = list(_counts(target.pid))
        sums = [tuple(map(sum, zip(*own))) for own in zip(*found, *([sums] if sums else []))]
    ran = sum(1 for no, yes in sums if no + yes)
    print(f"{ran} of {len(sums)} functions and branches were reached")
    out.write_text("".join(f"{no} {yes}\n" for no, yes in sums))


def _counts(pid):
    """Of each VM of a process: (0, calls) a function, and (how often its condition was false, how often true) a branch."""
    for _, found, _ in mappings(pid, "rw", MOST):
        for at in (match.start() for match in re.finditer(MAGIC, found)):
            if at % 4096 == 0 and len(found) >= at + HEAD.size:
                _, count = HEAD.unpack_from(found, at)
                if len(found) >= at + HEAD.size + 8 * count:
                    numbers = struct.unpack_from(f"<{2 * count}I", found, at + HEAD.size)
                    yield list(zip(numbers[::2], numbers[1::2]))


if __name__ == "__main__":
    main()
