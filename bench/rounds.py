"""Envoy's CPU time per request, in rounds that go through all targets in turn.

What a machine does beside the measurement comes and goes: a figure is compared with the bare Envoy of the same round, just
before and just after it.
"""

import dataclasses
import statistics
import sys

from documents import FAILS_HEADER
from stand import CONNECTIONS


@dataclasses.dataclass(frozen=True)
class Workload:
    """One kind of request."""

    name: str
    bytes: int
    streams: bool = False
    fails: bool = False  # the first of two providers answers 500

    def arguments(self):
        """Of bench-load."""
        model = "gpt-4o-mini" if self.fails else "llama-3.3-70b"
        arguments = ["--sizes", self.bytes, "--model", model]
        if self.streams:
            arguments += ["--stream"]
        if self.fails:
            arguments += ["--header", f"{FAILS_HEADER}: 1"]
        return arguments

    @property
    def is_small(self):
        return self.bytes <= SMALL and not self.streams

    @property
    def connections(self):
        """Streams take their time: many at once keep Envoy at work."""
        return 50 if self.streams else CONNECTIONS


SMALL = 10_000
SIZES = {"1 KB": 1_000, "10 KB": 10_000, "100 KB": 100_000, "1 MB": 1_000_000}
PLAIN = [Workload(name, size) for name, size in SIZES.items()]
STREAM = Workload("200 SSE chunks", 1_000, streams=True)
FAILING = [dataclasses.replace(own, fails=True) for own in (*PLAIN, STREAM)]


class Rounds:
    """The rounds of one workload."""

    def __init__(self, stand, targets, workload, seconds):
        self.stand, self.workload, self.seconds = stand, workload, seconds
        self.counts = {}
        for target in targets:
            count = self._warm(target)
            if count:
                self.counts[target.name] = count
        self.targets = [target for target in targets if target.name in self.counts]
        self.cpu_us = {target.name: [] for target in self.targets}
        self.answers = {target.name: [] for target in self.targets}

    def run(self, rounds):
        """The rounds, and one batch more of the first target: every other one stands between two of those."""
        first, others = self.targets[0], self.targets[1:]
        for turn in range(rounds):
            at = turn % max(1, len(others))
            for target in [first, *others[at:], *others[:at]]:
                self._batch(target)
        self._batch(first)

    def ratios(self, name):
        """Of a target to the first one, a round."""
        first = self.cpu_us[self.targets[0].name]
        beside = [(before + after) / 2 for before, after in zip(first, first[1:])]
        return [cpu / bare for cpu, bare in zip(self.cpu_us[name], beside)]

    def beside(self, name, other):
        """Of one target to another, a round."""
        return [cpu / beside for cpu, beside in zip(self.cpu_us[name], self.cpu_us[other])]

    def _warm(self, target):
        """Requests until V8 has compiled what runs often → how many make a batch; 0 where the target does not answer."""
        if self.workload.streams:
            answer = self._load(target, 2 * self.workload.connections)
            count = self.workload.connections
        else:
            self._load(target, 3000, 1.5)
            answer = self._load(target, 3000, 0.5)
            count = max(20, int(answer["done"] / answer["seconds"] * self.seconds))
        if not answer["done"] or answer["refused"] + answer["broken"] > answer["done"] / 100:
            print(f"! {target.name} is left out of {self.workload.name}: {answer}", file=sys.stderr)
            return 0
        target.rest()
        return count

    def _batch(self, target):
        before = target.cpu_s()
        answer = self._load(target, self.counts[target.name])
        target.rest()
        cpu = target.cpu_s() - before
        self.cpu_us[target.name].append(cpu * 1e6 / max(1, answer["done"]))
        self.answers[target.name].append(answer)

    def _load(self, target, requests, seconds=60):
        arguments = self.workload.arguments()
        return self.stand.load(target, arguments, requests, self.workload.connections, seconds=seconds)


def result(runs):
    """{target: figures} of a workload, each from all of its runs."""
    names = [target.name for target in runs[0].targets if all(target.name in run.cpu_us for run in runs)]
    bare = [cpu for run in runs for cpu in run.cpu_us[names[0]]]
    found = {}
    for name in names:
        own = [cpu for run in runs for cpu in run.cpu_us[name]]
        answers = [answer for run in runs for answer in run.answers[name]]
        low, ratio, high = _quartiles(ratio for run in runs for ratio in run.ratios(name))
        found[name] = {
            "rounds": len(own),
            "cpu_us": statistics.median(own),
            "ratio": 1.0 if name == names[0] else ratio,
            "low": low,
            "high": high,
            "least": min(own) / min(bare),
            "to_floor": _quartiles(ratio for run in runs for ratio in run.beside(name, "floor")) if "floor" in names else None,
            "per_second": statistics.median(answer["done"] / answer["seconds"] for answer in answers),
            "p50_us": statistics.median(answer["p50_us"] for answer in answers),
            "p99_us": statistics.median(answer["p99_us"] for answer in answers),
            "first_p50_us": statistics.median(answer["first_p50_us"] for answer in answers),
            "failed": sum(answer["refused"] + answer["broken"] for answer in answers),
            "requests": sum(answer["done"] for answer in answers),
        }
    return found


def _quartiles(figures):
    return statistics.quantiles(list(figures), n=4, method="inclusive")
