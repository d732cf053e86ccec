"""What a call between Envoy and a filter costs: a filter makes one a hundred times a request (bench/prices), beside a request
in which it makes none."""

import statistics

from rounds import PLAIN

TIMES = 100  # as in bench/prices/src/lib.rs
REQUESTS = 300
# What is asked of Envoy, and of what size.
CALLS = {
    "get_current_time": "",
    "get_header_map_value": "",
    "get_header_map_pairs": "all 12 headers",
    "replace_header_map_value": "one that is there",
    "set_header_map_pairs": "all 12 headers",
    "get_property": "filter state, 40 bytes",
    "set_property": "filter state, 40 bytes",
    "get_shared_data": "40 bytes",
    "set_shared_data": "40 bytes",
    "enqueue_shared_queue": "700 bytes, and taken out again",
    "get_buffer": "1 KB",
    "set_buffer": "40 bytes in the place of as many",
}


def measure(stand, rounds=9):
    """{call: µs}."""
    target = stand.envoy("prices")
    names = ["none", *CALLS]
    cpu_us = {name: [] for name in names}
    for turn in range(rounds + 1):
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
    nothing = statistics.median(cpu_us["none"])
    return {name: (statistics.median(cpu_us[name]) - nothing) / TIMES for name in CALLS}
