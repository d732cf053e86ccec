"""What the calls between Envoy and the filters cost: how many a request takes, and what each is worth.

`make bench-prices` prints it. A filter that does nothing else makes a call a hundred times a request (bench/prices), beside a
request in which it makes none. Its code and Envoy's are in the cache then: in a request of its own each costs more.
"""

import collections
import os
import re
import time

from rounds import PLAIN
from stand import OTHERS_CPU, RUN, Stand

TIMES = 100  # as in bench/prices/src/lib.rs
REQUESTS = 300
ROUNDS = 11
# What is asked of Envoy, and of what size.
CALLS = {
    "get_current_time_nanoseconds": "",
    "get_header_map_value": "found",
    "get_header_map_value, absent": "",
    "get_header_map_pairs": "12 headers",
    "replace_header_map_value": "",
    "set_header_map_pairs": "12 headers for as many",
    "get_property": "filter state, 40 bytes",
    "get_property, no value": "filter state",
    "set_property": "filter state, 40 bytes",
    "get_shared_data": "40 bytes",
    "set_shared_data": "40 bytes",
    "enqueue_shared_queue": "700 bytes, and taken out again",
    "get_buffer_bytes": "1 KB",
    "set_buffer_bytes": "40 bytes for as many",
}
ENTRY = "an entry into the VM"
# What such a call is where it gives nothing: then Envoy asks for no memory.
NOTHING = {"get_header_map_value": "get_header_map_value, absent", "get_property": "get_property, no value"}


def main():
    os.sched_setaffinity(0, {int(OTHERS_CPU)})
    with Stand() as stand:
        counts = {name: count(stand, name) for name in ("floor", "sluice")}
        prices = measure(stand)
    # To look up and to replace take the same of Envoy, but that the VM is asked for memory to put it.
    prices[ENTRY] = prices["get_shared_data"] - prices["set_shared_data"]
    print(f"| call | of what | µs | floor | sluice |\n|{' --- |' * 5}")
    for name in [ENTRY, *CALLS]:
        line = (name, CALLS.get(name, "a callback, or memory asked for"), f"{prices[name]:.2f}")
        print(f"| {' | '.join([*line, *(str(own.get(name, 0)) for own in counts.values())])} |")
    for target, own in counts.items():
        odd = {name: number for name, number in own.items() if name not in prices}
        known = sum(prices[name] * number for name, number in own.items() if name in prices)
        print(f"\n{target}: {known:.1f} µs a request, and what has no price here: {odd or 'nothing'}")


def measure(stand):
    """{call: µs}."""
    target = stand.envoy("prices")
    names = ["none", *CALLS]
    cpu_us = {name: [] for name in names}
    for turn in range(ROUNDS + 1):
        for name in names:
            arguments = [*PLAIN[0].arguments(), "--header", f"x-call: {name}"]
            before = target.cpu_s()
            answer = stand.load(target, arguments, REQUESTS)
            target.rest()
            if not answer["done"] or answer["refused"]:
                raise RuntimeError(f"{name}: {answer}")
            if turn:  # in the first V8 still compiles
                cpu_us[name].append((target.cpu_s() - before) * 1e6 / answer["done"])
    stand.stop(target)
    # The cheapest rounds: what the machine does beside this makes all others dearer.
    return {name: (min(cpu_us[name]) - min(cpu_us["none"])) / TIMES for name in CALLS}


def count(stand, variant):
    """{call: how many of them a plain request of 1 KB takes}: Envoy's trace of one."""
    target = stand.envoy(variant, name=f"{variant}-trace", options=["--component-log-level", "wasm:trace"])
    log = RUN / f"{target.name}.log"
    stand.load(target, PLAIN[0].arguments(), 3, connections=1)
    time.sleep(1)
    begun = log.stat().st_size
    stand.load(target, PLAIN[0].arguments(), 1, connections=1)
    time.sleep(0.1)
    found, of_a_stream, asked = collections.Counter(), False, False
    for line in log.read_bytes()[begun:].decode(errors="replace").splitlines():
        entry = re.search(r"\[host->vm\] proxy_on_(\w+)\(", line)
        call = re.search(r"\[vm->host\] env\.proxy_(\w+)\(", line)
        returned = re.search(r"\[vm<-host\] env\.proxy_(\w+) return", line)
        if entry:
            inside = entry[1] == "memory_allocate"  # of a call that is being made
            of_a_stream = of_a_stream if inside else entry[1] not in ("tick", "queue_ready", "http_call_response")
            found[ENTRY] += of_a_stream
            asked |= inside
        elif call:
            asked = False
        elif returned:
            name = returned[1]
            found[name if asked else NOTHING.get(name, name)] += of_a_stream
    stand.stop(target)
    return {name: number for name, number in found.items() if number}


if __name__ == "__main__":
    main()
