"""The module's machine code by function: what of it a request runs through, and what of that is not in the first cache.

`make bench-functions` prints it. It runs Envoy under callgrind as instructions.py does, with a module that has its names. V8 has a
table of jumps, one a function in their order, at the start of the module's code: it says where each begins.
"""

import bisect
import collections
import os
import pathlib
import re
import struct
import sys

import instructions
from mappings import mappings
from stand import OTHERS_CPU, Stand

SLOT = struct.Struct("<Bixxx")  # a jump of V8's table on x86-64: its code, how far, padding
JUMP = 0xE9
IMPORT_SECTION, NAMES = 2, "name"
FUNCTION_NAMES = 1
MOST = 1 << 28  # bytes of a mapping
COLUMNS = ("instructions", "calls", "lines", "misses", "function")


def main():
    module = pathlib.Path(sys.argv[1])
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    os.sched_setaffinity(0, {int(OTHERS_CPU)})
    with Stand(flush_ms=instructions.FLUSH_MS, modules=[("named", module)]) as stand:
        dump, done, code = instructions.run(stand, "named", look=_code)
    places = [(address, costs) for is_module, address, costs in instructions.places(dump) if is_module]
    layout = Layout(places, code, _names(module.read_bytes()))
    rows = _rows(places, done, layout)
    print(f"| {' | '.join(COLUMNS)} |\n|{' ---: |' * (len(COLUMNS) - 1)} --- |")
    for name, row in sorted(rows.items(), key=lambda item: -len(item[1]["lines"]))[:most]:
        print(f"| {row['Ir'] / done:,.0f} | {row['calls'] / done:,.1f} | {len(row['lines'])} | {row['I1mr'] / done:,.0f} | `{name}` |")
    lines = set().union(*(row["lines"] for row in rows.values()))
    sums = [sum(row[event] for row in rows.values()) / done for event in ("Ir", "I1mr")]
    print(f"\nall: {sums[0]:,.0f} instructions, {len(lines)} lines of {instructions.LINE} bytes, {sums[1]:,.0f} misses\n")
    _leaving(dump, done, layout)


def _code(pid):
    """The mappings of a process that have code and no file: [(start, bytes)]."""
    return [(start, own) for start, own, file in mappings(pid, "x", MOST) if not file]


class Layout:
    """Where the functions are in the mapping in which most is executed."""

    def __init__(self, places, code, names):
        held = lambda own: sum(own[0] <= address < own[0] + len(own[1]) for address, _ in places)
        self.start, own = max(code, key=held)
        self.end = self.start + len(own)
        self.entries = []
        for at in range(0, len(own), SLOT.size):
            jump, distance = SLOT.unpack_from(own, at)
            if jump != JUMP:
                break
            self.entries.append((self.start + at + 5 + distance, names.get(len(self.entries), f"function {len(self.entries)}")))
        self.table = self.start + SLOT.size * len(self.entries)
        self.entries.sort()
        self.begins = [begin for begin, _ in self.entries]

    def __contains__(self, address):
        return self.start <= address < self.end

    def function(self, address):
        """(name, whether it begins here) of the function that has this address."""
        at = bisect.bisect_right(self.begins, address) - 1
        return (self.entries[at][1], self.begins[at] == address) if at >= 0 else ("(the table of jumps)", False)

    def is_way_out(self, address):
        """Whether this is called to leave the module: it is no function and not in the table."""
        return address in self and address >= self.table and not self.function(address)[1]


def _rows(places, done, layout):
    """{function: figures}."""
    rows = collections.defaultdict(lambda: {"Ir": 0, "I1mr": 0, "calls": 0, "lines": set()})
    for address, costs in places:
        if address not in layout:
            continue
        name, begins = layout.function(address)
        row = rows[name]
        for event in ("Ir", "I1mr"):
            row[event] += costs[event]
        if begins:
            row["calls"] += costs["Ir"]
        if costs["Ir"] * 2 > done:
            row["lines"].add(address // instructions.LINE)
    return rows


def _leaving(dump, done, layout):
    """The calls of the host, by the function that makes them, with all that Envoy does meanwhile."""
    sums = collections.defaultdict(lambda: [0, 0])
    for address, target, many, cost in instructions.calls(dump):
        if address in layout and layout.is_way_out(target):
            own = sums[layout.function(address)[0], address]
            own[0] += many
            own[1] += cost
    print("| instructions | calls | out of the module from |\n| ---: | ---: | --- |")
    for (name, _), (many, cost) in sorted(sums.items(), key=lambda item: -item[1][1]):
        if many * 100 > done:
            print(f"| {cost / done:,.0f} | {many / done:,.2f} | `{name}` |")
    print(f"\nall: {sum(cost for _, cost in sums.values()) / done:,.0f} instructions")


def _names(module):
    """{number among those with a body: name} of the functions."""
    at, imported, found = 8, 0, {}
    while at < len(module):
        section = module[at]
        size, at = _number(module, at + 1)
        end = at + size
        if section == IMPORT_SECTION:
            imported, _ = _number(module, at)  # all that the filter imports are functions
        elif section == 0:
            name, inside = _text(module, at)
            while name == NAMES and inside < end:
                kind = module[inside]
                size, inside = _number(module, inside + 1)
                if kind == FUNCTION_NAMES:
                    count, place = _number(module, inside)
                    for _ in range(count):
                        index, place = _number(module, place)
                        text, place = _text(module, place)
                        found[index - imported] = re.sub(r"17h[0-9a-f]{16}E", "", text)
                inside += size
        at = end
    return found


def _number(data, at):
    """LEB128: the number, and where it ends."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, at


def _text(data, at):
    size, at = _number(data, at)
    return data[at : at + size].decode(), at + size


if __name__ == "__main__":
    main()
