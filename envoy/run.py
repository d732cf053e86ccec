"""What `make run` starts: the sidecar, Envoy with the gateway in it and, where there is no provider, a demo provider.

Everything that it makes is in target/run/: api-key, admin-token, ingest-token, envoy.yaml as started, sluice.db, and
one log a program. It runs until Ctrl-C, SIGTERM, or the end of one of its programs, and leaves no process behind.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from bootstrap import Bootstrap, trust_store

ROOT = pathlib.Path(__file__).resolve().parent.parent
RUN = pathlib.Path("target/run")  # below ROOT, which is the working directory
SIDECAR = "target/release/sluice-sidecar"
MODULE = ROOT / "target/wasm32-wasip1/release/sluice_filter.wasm"
DATABASE = f"sqlite://{RUN}/sluice.db"
TOKENS = ("SLUICE_ADMIN_TOKEN", "SLUICE_INGEST_TOKEN")  # a run has its own
OLLAMA = ("127.0.0.1", 11434)

START_SECONDS = 30  # a program that is not ready by then has failed
STOP_SECONDS = 1.2  # a program that still runs then is killed

stopping = threading.Event()


class Failure(Exception):
    """Why the run ends: a text for the person who started it."""


class Program:
    """A child with a log of its own."""

    def __init__(self, name, arguments, environment=None):
        self.name = name
        self.log = RUN / f"{name}.log"
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        inherited = {name: value for name, value in os.environ.items() if name not in TOKENS}
        with self.log.open("wb") as log:
            self.child = subprocess.Popen(
                [str(argument) for argument in arguments],
                env={**inherited, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours alone: the order in which they stop matters
                preexec_fn=_die_with_parent,
            )

    def died(self):
        """How it ended, with the last lines of its log; None while it runs."""
        code = self.child.poll()
        if code is None:
            return None
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:]
        tail = "\n".join(f"    {line}" for line in lines)
        return f"{self.name} ended with code {code}. The end of {self.log}:\n{tail}"

    def wait_until(self, ready):
        """Waits for `ready()`; a program that dies before it, or takes too long, is a failure."""
        end = time.monotonic() + START_SECONDS
        while not ready():
            if self.died():
                raise Failure(self.died())
            if time.monotonic() > end:
                raise Failure(f"{self.name} was not ready after {START_SECONDS} s. See {self.log}.")
            if stopping.wait(0.05):
                raise Failure("stopped before it was ready")

    def ask_to_stop(self):
        """SIGTERM; each program drains on it."""
        with contextlib.suppress(ProcessLookupError):
            self.child.terminate()

    def join(self):
        """Waits for its end, and ends it when it does not come."""
        try:
            self.child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"{self.name} did not stop in {STOP_SECONDS} s and was killed", flush=True)
            self.child.kill()
            self.child.wait()


class Run:
    """One run: its ports, its secrets, its programs in the order of their start."""

    def __init__(self):
        self.port = _port("PORT", 8080)
        self.admin_port = _port("ADMIN_PORT", 9901)
        self.sidecar_port = _port("SIDECAR_PORT", 8081)
        self.programs = []
        self.envoy = None
        self.key = ""

    def start(self):
        """Starts all and waits until a request goes through."""
        for name, port, host in (
            ("PORT", self.port, "0.0.0.0"),
            ("ADMIN_PORT", self.admin_port, "127.0.0.1"),
            ("SIDECAR_PORT", self.sidecar_port, "127.0.0.1"),
        ):
            if not _free(host, port):
                raise Failure(f"port {port} is taken: choose another with `make run {name}=…`")
        self.key = _secret("api-key", _new_key)
        _secret("admin-token", lambda: secrets.token_urlsafe(32))
        ingest_token = _secret("ingest-token", lambda: secrets.token_urlsafe(32))

        bootstrap = self.bootstrap()
        model, provider = self.choose_provider(bootstrap)
        bootstrap.write(RUN / "envoy.yaml")

        sidecar = self.add(
            "sidecar",
            [SIDECAR, "serve", "--listen", f"127.0.0.1:{self.sidecar_port}", "--envoy-config", RUN / "envoy.yaml"]
            + ["--database", DATABASE, "--admin-token-file", RUN / "admin-token"]
            + ["--ingest-token-file", RUN / "ingest-token", "--drain-seconds", "1"],
        )
        sidecar.wait_until(lambda: _status(f"http://127.0.0.1:{self.sidecar_port}/health") == 200)
        recover()  # what the run before left in Envoy's log, if it was killed before it could see to that
        self.envoy = self.add(
            "envoy",
            [_envoy(), "--config-path", RUN / "envoy.yaml", "--use-dynamic-base-id"],
            {"SLUICE_INGEST_TOKEN": ingest_token},
        )
        self.envoy.wait_until(lambda: _status(f"http://127.0.0.1:{self.admin_port}/ready") == 200)
        self.check(model, provider)
        return model, provider

    def add(self, name, arguments, environment=None):
        """Starts a program that `stop` will stop."""
        self.programs.append(Program(name, arguments, environment))
        return self.programs[-1]

    def bootstrap(self):
        """The reference configuration with this run's ports, module, key and trust store."""
        bootstrap = Bootstrap()
        bootstrap.listen(self.port)
        bootstrap.admin(self.admin_port)
        bootstrap.point("sidecar", "127.0.0.1", self.sidecar_port)
        bootstrap.module(MODULE)
        bootstrap.trust(trust_store())
        bootstrap.add_key(self.key)
        return bootstrap

    def choose_provider(self, bootstrap):
        """Keys in the environment, else a local Ollama, else the demo provider → (a model to try, who serves it)."""
        keyed = [name for name, variable in bootstrap.credentials().items() if os.environ.get(variable)]
        if keyed and bootstrap.first_model_of(keyed):
            return bootstrap.first_model_of(keyed), ", ".join(keyed)
        models = _ollama_models()
        if models:
            bootstrap.gateway["providers"]["vllm"]["host"] = "localhost"  # Ollama refuses names that it does not know
            bootstrap.point("vllm", *OLLAMA)
            for name in models:
                bootstrap.add_model(name, _local(name))
            return models[0], "Ollama"
        port = _free_port()
        bootstrap.point("demo", "127.0.0.1", port)
        demo = self.add("demo", [SIDECAR, "demo", "--listen", f"127.0.0.1:{port}"])
        demo.wait_until(lambda: not _free("127.0.0.1", port))
        return "demo", "the demo provider (no provider key is set, no Ollama answers)"

    def check(self, model, provider):
        """One request through the gateway: a dry run where it costs nothing, else the list of models."""
        url, body = f"http://127.0.0.1:{self.port}/v1/models", None
        if model == "demo":
            url = f"http://127.0.0.1:{self.port}/v1/chat/completions"
            body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "ollm::dryrun": True}
        status = _status(url, body, self.key)
        if status != 200:
            raise Failure(f"{url} answered {status} with {provider}. See {RUN}/envoy.log and {RUN}/sidecar.log.")

    def watch(self):
        """Returns when asked to stop; a program that ends before is a failure."""
        make = _Make()
        while not stopping.wait(0.2) and not make.stops():
            for program in self.programs:
                if program.died():
                    raise Failure(program.died())

    def stop(self):
        """Envoy first: what its filter could not send any more is in its log, and goes into the ledger from there."""
        if self.envoy:
            self.envoy.ask_to_stop()
            self.envoy.join()
            recover()
        for program in self.programs:
            program.ask_to_stop()
        for program in self.programs:
            program.join()


class _Make:
    """The `make` that started this: it passes SIGTERM on, but only waits after a SIGINT that reached it alone."""

    def __init__(self):
        self.pid = os.getppid() if "MAKELEVEL" in os.environ else None
        self.minds_interrupt = self._catches_interrupt()

    def stops(self):
        """Whether it was killed, or has caught a SIGINT: it does not catch a second one."""
        if self.pid is None:
            return False
        return os.getppid() != self.pid or (self.minds_interrupt and not self._catches_interrupt())

    def _catches_interrupt(self):
        try:
            status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        except OSError:  # not Linux
            return False
        caught = re.search(r"^SigCgt:\s*(\w+)$", status, re.MULTILINE)
        return caught is not None and bool(int(caught[1], 16) >> (signal.SIGINT - 1) & 1)


def recover():
    """Puts the records that Envoy's log still holds into the ledger; one that is there already stays single."""
    log = RUN / "envoy.log"
    if log.exists():
        command = [SIDECAR, "recover", log, "--envoy-config", RUN / "envoy.yaml", "--database", DATABASE]
        done = subprocess.run(command, capture_output=True, text=True, start_new_session=True)
        if done.returncode:
            print(f"not all records in {log} could be recovered: {done.stdout}{done.stderr}".rstrip(), flush=True)


def describe(run, model, provider):
    """What a person can do now; every line works as it is, in the project's folder."""
    url, sidecar = f"http://127.0.0.1:{run.port}", f"http://127.0.0.1:{run.sidecar_port}"
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": True})
    bearer = f'-H "Authorization: Bearer $(cat {RUN}/api-key)"'
    python = (
        f'from openai import OpenAI; c = OpenAI(base_url="{url}/v1", api_key=open("{RUN}/api-key").read().strip()); '
        f'print(c.chat.completions.create(model="{model}", messages=[{{"role": "user", "content": "Hello"}}])'
        f".choices[0].message.content)"
    )
    return f"""
Sluice is ready on {url}, served by {provider}.

  curl      curl -N {url}/v1/chat/completions {bearer} -H 'Content-Type: application/json' -d '{body}'

  Python    target/venv/bin/python -c '{python}'

  spend     curl -H "Authorization: Bearer $(cat {RUN}/admin-token)" {sidecar}/v1/spend
  metrics   curl {sidecar}/metrics
  models    curl {bearer} {url}/v1/models
  Envoy     curl http://127.0.0.1:{run.admin_port}/stats/prometheus
  logs      {"  ".join(str(program.log) for program in run.programs)}

Ctrl-C stops everything."""


# --- what the machine offers


def _port(name, default):
    text = os.environ.get(name) or str(default)
    if not (text.isdigit() and 0 < int(text) < 65536):
        raise Failure(f"{name}={text} is no port")
    return int(text)


def _free(host, port):
    """Whether nobody listens there. Envoy would not tell: its listeners share a port with another Envoy's."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _secret(name, make):
    """A secret of this machine, made at the first start; only its owner can read it."""
    path = RUN / name
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(make() + "\n")
    return path.read_text().strip()


def _new_key():
    return subprocess.run([SIDECAR, "key"], check=True, capture_output=True, text=True).stdout.split()[0]


def _envoy():
    version = pathlib.Path(".envoy-version").read_text().strip()
    return os.environ.get("SLUICE_ENVOY") or f"target/envoy/{version}/envoy/_bin/envoy"


def _status(url, body=None, key=None):
    """The status of one request; 0 when nobody answers."""
    request = urllib.request.Request(url, data=json.dumps(body).encode() if body else None)
    if body:
        request.add_header("Content-Type", "application/json")
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with _opener.open(request, timeout=10) as answer:
            answer.read()
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def _ollama_models():
    """The models of a local Ollama; none when it does not answer."""
    try:
        with _opener.open("http://{}:{}/v1/models".format(*OLLAMA), timeout=1) as answer:
            return [model["id"] for model in json.load(answer).get("data") or []]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _local(name):
    """A model that runs here: nobody sends a bill for it."""
    return {
        "owned_by": "ollama",
        "providers": [{"provider": "vllm", "model": name, "price": {"input": 0, "output": 0}}],
    }


def _die_with_parent():
    """Linux: a child gets SIGTERM when this program is killed before it could stop it."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # this machine's own ports: never by a proxy


def main():
    """Runs until told to stop; the exit code is 0 then, and 1 when something failed."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.set())
    os.chdir(ROOT)
    RUN.mkdir(parents=True, exist_ok=True)
    failure = None
    with (RUN / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print(f"a run of this folder is under way already ({ROOT / RUN})", file=sys.stderr)
            return 1
        try:
            run = Run()
            try:
                print(describe(run, *run.start()), flush=True)
                run.watch()
                print("\nstopping …", flush=True)
            finally:
                run.stop()
        except Failure as error:
            failure = error
    if failure and not stopping.is_set():
        print(f"\n{failure}", file=sys.stderr, flush=True)
        return 1
    print("stopped", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
