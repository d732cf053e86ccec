"""What is measured beside the cost of a request: latency, memory, start, workers, and the sidecar's intake."""

import concurrent.futures
import json
import os
import pathlib
import random
import statistics
import time
import urllib.request
import uuid

from rounds import PLAIN, SIZES
from stand import ENVOYS_CPU, OTHERS_CPU, TOKEN

MIX = {"1 KB": 60, "10 KB": 30, "100 KB": 9, "1 MB": 1}  # of a hundred requests
BATCH = 200  # records that the filter sends at once at most
RECORD = {
    "key_id": "bench",
    "tags": {"user_agent": "bench-load"},
    "episode": "01890a5d-ac96-774b-bcce-b302099a8057",
    "selector": "llama-3.3-70b",
    "model": "llama-3.3-70b",
    "provider": "groq",
    "request_model": "llama-3.3-70b-versatile",
    "response_model": "llama-3.3-70b-versatile",
    "attempts": [
        {
            "provider": "groq",
            "model": "llama-3.3-70b-versatile",
            "status": 200,
            "outcome": "answered",
            "duration_ms": 412,
        }
    ],
    "status": 200,
    "end": "complete",
    "usage": {"prompt_tokens": 25, "completion_tokens": 200, "total_tokens": 225},
    "usage_source": "provider",
    "started_ms": 1763683200000,
    "first_token_ms": 180,
    "duration_ms": 420,
    "user_agent": "bench-load",
    "dialect": "openai",
}


def latency(stand, targets, rate, seconds):
    """p50 and p99 of 10 KB bodies that come at a constant rate, in µs, and what is answered a second at most."""
    found = {}
    arguments = PLAIN[1].arguments()
    for target in targets:
        stand.load(target, arguments, 3000)
        most = stand.load(target, arguments, 1_000_000, seconds=seconds)
        target.rest()
        steady = stand.load(target, arguments, int(rate * seconds), connections=64, rate=rate)
        target.rest()
        found[target.name] = {
            "per_second": most["done"] / most["seconds"],
            "p50_us": steady["p50_us"],
            "p99_us": steady["p99_us"],
            "failed": most["refused"] + most["broken"] + steady["refused"] + steady["broken"],
        }
    return found


def memory(stand, variants, requests):
    """Resident MB of an Envoy that has served nothing, what one worker more adds to that, and after each tenth of the
    requests, which are of mixed sizes."""
    sizes = [SIZES[name] for name, count in MIX.items() for _ in range(count)]
    random.Random(1).shuffle(sizes)
    arguments = ["--sizes", ",".join(map(str, sizes)), "--model", "llama-3.3-70b"]
    found = {}
    for variant in variants:
        idle = []
        for count in (2, 1):
            target = stand.envoy(variant, workers=count, name=f"{variant}-memory")
            time.sleep(1)
            idle.append(target.rss_mb())
            if count > 1:
                stand.stop(target)
        own = {"idle_mb": idle[1], "worker_mb": idle[0] - idle[1], "tenths_mb": []}
        failed = 0
        for _ in range(10):
            answer = stand.load(target, arguments, requests // 10, seconds=600)
            failed += answer["refused"] + answer["broken"]
            target.rest()
            own["tenths_mb"].append(target.rss_mb())
        found[variant] = {**own, "requests": requests, "failed": failed}
        stand.stop(target)
    return found


def start(stand, variants, times):
    """Seconds from the start of the process until it serves: the least and the median of some."""
    found = {}
    for variant in variants:
        took = []
        for _ in range(times):
            target = stand.envoy(variant, name=f"{variant}-start")
            took.append(target.start_s)
            stand.stop(target)
        found[variant] = {"least_s": min(took), "median_s": statistics.median(took)}
    return found


def workers(stand, variants, seconds, turns=5):
    """Envoy's CPU time per request, µs: one worker alone; two processes of one worker; one of two. In turns.

    The load has the second core too, and takes the cache from whoever runs there. So what two workers take from each other is
    seen beside two processes, a core each, which take the least: as much CPU time a request means twice as much done.
    """
    return {variant: _workers(stand, variant, seconds / turns, turns) for variant in variants}


def _workers(stand, variant, seconds, turns):
    apart = [stand.envoy(variant, name=f"{variant}-{cpu}", cpus=cpu) for cpu in (ENVOYS_CPU, OTHERS_CPU)]
    both = stand.envoy(variant, workers=2, name=f"{variant}-both", cpus=f"{ENVOYS_CPU},{OTHERS_CPU}")
    _pin(both.pid)
    own = {"alone": apart[:1], "apart": apart, "both": [both, both]}
    found = {name: [] for name in own}
    for target in (*apart, both):
        stand.load(target, PLAIN[1].arguments(), 6000)
        target.rest()
    for _ in range(turns):
        for name, targets in own.items():
            found[name].append(_together(stand, targets, seconds))
    for target in (*apart, both):
        stand.stop(target)
    return {name: statistics.median(cpu_us) for name, cpu_us in found.items()}


def _together(stand, targets, seconds):
    """CPU time per request, µs, of targets that are under load at once; one may be there twice."""
    processes = {target.pid: target for target in targets}.values()
    before = sum(target.cpu_s() for target in processes)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answers = pool.map(lambda target: stand.load(target, PLAIN[1].arguments(), 1_000_000, seconds=seconds), targets)
        done = sum(answer["done"] for answer in answers)
    for target in processes:
        target.rest()
    return (sum(target.cpu_s() for target in processes) - before) * 1e6 / done


def _pin(pid):
    """Gives each worker of an Envoy a core of its own."""
    names = {task: (task / "comm").read_text().strip() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}
    workers = sorted((name, int(task.name)) for task, name in names.items() if name.startswith("wrk:worker_"))
    for (_, task), cpu in zip(workers, (ENVOYS_CPU, OTHERS_CPU), strict=True):
        os.sched_setaffinity(task, {int(cpu)})


def ingest(sidecar, seconds):
    """Records that the sidecar stores a second, and its CPU time for one: batches of 200, one after the other."""
    before, stored, took = sidecar.cpu_s(), 0, 0.0
    while took < seconds:
        body = json.dumps({"records": [{**RECORD, "id": _id()} for _ in range(BATCH)], "dropped": 0}).encode()
        headers = {"content-type": "application/json", "authorization": f"Bearer {TOKEN}"}
        request = urllib.request.Request(f"http://127.0.0.1:{sidecar.port}/internal/records", body, headers)
        begun = time.monotonic()
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()
        took += time.monotonic() - begun
        stored += BATCH
    return {"per_second": stored / took, "cpu_us": (sidecar.cpu_s() - before) * 1e6 / stored, "records": stored}


def _id():
    """A UUIDv7, as the filter makes them: they come in the order of the ledger."""
    return str(uuid.UUID(int=time.time_ns() // 1_000_000 << 80 | 7 << 76 | 2 << 62 | random.getrandbits(62)))
