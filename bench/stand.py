"""What runs during a measurement: Envoys on one core; the load, the provider and the sidecar on the other."""

import contextlib
import dataclasses
import json
import os
import pathlib
import random
import socket
import subprocess
import sys
import time
import urllib.request

from documents import KEYS, Documents

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUN = ROOT / "target/bench"
RELEASE = ROOT / "target/release"
WASM = ROOT / "target/wasm32-wasip1/release"
MODULES = {name: WASM / f"sluice_{file}.wasm" for name, file in (("sluice", "filter"), ("floor", "floor"), ("prices", "prices"))}
TOKEN = "ingest-token-of-the-bench"
ENVOYS_CPU, OTHERS_CPU = "0", "1"
CONNECTIONS = 16


@dataclasses.dataclass
class Target:
    """Something that takes requests: one of our Envoys, or a peer."""

    name: str
    pid: int
    port: int
    start_s: float = 0.0

    def cpu_s(self):
        """Seconds that the process, with all its children, was on a core since it began."""
        return sum(_cpu_s(pid) for pid in _tree(self.pid))

    def rss_mb(self):
        """Resident memory of the process and all its children, in MB of 10⁶ bytes."""
        return sum(_rss(pid) for pid in _tree(self.pid)) / 1e6

    def rest(self, most=5.0):
        """Waits until it is idle for longer than records wait for their delivery: what comes after an answer counts too."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            before = self.cpu_s()
            time.sleep(0.25)
            if self.cpu_s() - before < 0.005:
                return


class Stand:
    """All programs of one measurement; gone at its end."""

    def __init__(self, production=False, steady=False, modules=(), flush_ms=None):
        RUN.mkdir(parents=True, exist_ok=True)
        self.programs = []
        self.intake = None  # the sidecar, once a variant needs it
        self.key = _output(RELEASE / "sluice-sidecar", "key").split()[0]
        provider, failing, self.sidecar_port = free_port(), free_port(), free_port()
        command = [RELEASE / "bench-provider", "--port", provider, "--failing-port", failing]
        self.spawn("provider", OTHERS_CPU, command)
        front = self._front(provider) if production else None
        ports = (provider, failing, self.sidecar_port)
        self.documents = Documents(ports, self.key, {**MODULES, **dict(modules)}, front, steady, flush_ms)
        wait(lambda: not is_free(provider))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in reversed(self.programs):
            program.terminate()
        for program in self.programs:
            _end(program)

    def spawn(self, name, cpu, command, environment=None):
        """Starts a program on a core; its output goes to target/bench/."""
        with open(RUN / f"{name}.log", "wb") as log:
            child = subprocess.Popen(
                ["taskset", "-c", cpu, *map(str, command)],
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.programs.append(child)
        return child

    def _sidecar(self, document):
        """Starts a real sidecar with an empty ledger."""
        for file in RUN.glob("ledger.db*"):
            file.unlink()
        (RUN / "ingest-token").write_text(TOKEN)
        command = [RELEASE / "sluice-sidecar", "serve", "--listen", f"127.0.0.1:{self.sidecar_port}"]
        command += ["--envoy-config", document, "--database", f"sqlite://{RUN}/ledger.db"]
        child = self.spawn("sidecar", OTHERS_CPU, [*command, "--ingest-token-file", RUN / "ingest-token"])
        wait(lambda: answers(f"http://127.0.0.1:{self.sidecar_port}/status"))
        return Target("sidecar", child.pid, self.sidecar_port)

    def envoy(self, variant, workers=1, name=None, cpus=ENVOYS_CPU, options=(), under=()):
        """Starts a variant, under another program perhaps, and waits until it serves."""
        name = name or variant
        port, admin, document = free_port(), free_port(), RUN / f"{name}.yaml"
        self.documents.write(variant, document, port, admin)
        if self.documents.delivers(variant) and not self.intake:
            self.intake = self._sidecar(document)
        command = [*under, os.environ["SLUICE_ENVOY"], "--config-path", document, "--use-dynamic-base-id"]
        environment = {**dict.fromkeys(KEYS, "key-of-the-bench"), "SLUICE_INGEST_TOKEN": TOKEN}
        begun = time.monotonic()
        child = self.spawn(name, cpus, [*command, "--concurrency", workers, "-l", "error", *options], environment)
        most = 300 if under else 60
        wait(lambda: child.poll() is not None or answers(f"http://127.0.0.1:{admin}/ready"), most, pause=0.005)
        if child.poll() is not None:
            raise RuntimeError(f"{name} did not start: see {RUN}/{name}.log")
        return Target(name, child.pid, port, time.monotonic() - begun)

    def stop(self, target):
        """Ends one program before the others."""
        program = next(own for own in self.programs if own.pid == target.pid)
        self.programs.remove(program)
        _end(program)

    def _front(self, provider):
        """TLS before the provider, by an Envoy of its own: (port, certificate)."""
        certificate, key, port = RUN / "front.pem", RUN / "front.key", free_port()
        names = "subjectAltName=DNS:api.groq.com,DNS:bench.local"
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        command += ["-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=bench", "-addext", names]
        _output(*command)
        files = {"certificate_chain": {"filename": str(certificate)}, "private_key": {"filename": str(key)}}
        tls = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
        proxy = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
        chain = {
            "transport_socket": {
                "name": "envoy.transport_sockets.tls",
                "typed_config": {"@type": tls, "common_tls_context": {"tls_certificates": [files]}},
            },
            "filters": [{"name": "tcp", "typed_config": {"@type": proxy, "stat_prefix": "front", "cluster": "provider"}}],
        }
        endpoint = {"endpoint": {"address": _address(provider)}}
        cluster = {"name": "provider", "load_assignment": {"cluster_name": "provider"}}
        cluster["load_assignment"]["endpoints"] = [{"lb_endpoints": [endpoint]}]
        listener = {"name": "front", "address": _address(port), "filter_chains": [chain]}
        document = {"static_resources": {"listeners": [listener], "clusters": [cluster]}}
        (RUN / "front.json").write_text(json.dumps(document))
        command = [os.environ["SLUICE_ENVOY"], "--config-path", RUN / "front.json", "--use-dynamic-base-id"]
        self.spawn("front", OTHERS_CPU, [*command, "--concurrency", 1, "-l", "error"])
        wait(lambda: not is_free(port))
        return port, certificate

    def load(self, target, arguments, requests, connections=CONNECTIONS, **options):
        """Sends requests to a target; what came of them (bench/src/load/count.rs)."""
        command = ["taskset", "-c", OTHERS_CPU, RELEASE / "bench-load", "--port", target.port, "--requests", requests]
        command += ["--connections", connections, "--header", f"authorization: Bearer {self.key}", *arguments]
        for name, value in options.items():
            command += [f"--{name}", value]
        answer = json.loads(_output(*command))
        failed = answer["refused"] + answer["broken"]
        if failed * 100 > answer["done"]:
            print(f"! {target.name}: {failed} requests failed, {answer['done']} were answered", file=sys.stderr)
        return answer


def _end(program):
    program.terminate()
    try:
        program.wait(5)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


def free_port():
    """A port that nobody has, below those that connections get: Envoy shares a port with whoever asks for it too."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def is_free(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return answer.status == 200
    except OSError:
        return False


def wait(ready, most=60, pause=0.02):
    end = time.monotonic() + most
    while not ready():
        if time.monotonic() > end:
            raise RuntimeError(f"not ready after {most} s: see {RUN}/*.log")
        time.sleep(pause)


def _address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _output(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def _tree(pid):
    """The process and all below it."""
    yield pid
    for file in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = file.read_text().split()
        except OSError:  # a thread that has ended
            continue
        for child in children:
            yield from _tree(int(child))


def _cpu_s(pid):
    """The process's own clock, exact where /proc/PID/stat counts ticks: CPUCLOCK_SCHED of its PID (clock_getcpuclockid)."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0


def _rss(pid):
    try:
        pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
