"""The main flow in containers: compose up, one plain and one streamed completion, their spend records, compose down.

Where it cannot run it says so loudly, leaves the reason in target/skipped and ends with 0.
"""

import json
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
MADE = ROOT / "target/compose"  # what compose.yaml mounts
SKIPPED = ROOT / "target/skipped"
PROJECT = "sluice-smoke"
CANNOT = 77  # images.sh: this machine cannot do it


class Skip(Exception):
    """Why it cannot run here."""


def docker_compose():
    """`docker compose` or `docker-compose`, whichever is there."""
    if _quiet("docker", "info"):
        raise Skip("no Docker daemon answers")
    if not _quiet("docker", "compose", "version"):
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise Skip("neither `docker compose` nor `docker-compose` is installed")


def make_images():
    """Runs images.sh; its output is shown as it comes."""
    last = ""
    with subprocess.Popen(["envoy/images.sh"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as script:
        for line in script.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
    if script.returncode == CANNOT:
        raise Skip(last)
    if script.returncode:
        sys.exit(f"envoy/images.sh failed with {script.returncode}")


def make_mounts():
    """A caller's key, the tokens and the configuration → (key, admin token)."""
    MADE.mkdir(parents=True, exist_ok=True)
    MADE.chmod(0o700)  # the files are readable, for the containers' users; the folder is not
    key = subprocess.check_output(["docker", "run", "--rm", "sluice-sidecar", "key"], text=True).split()[0]
    admin, ingest = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    for name, text in {
        "api-key": key,
        "admin-token": admin,
        "ingest-token": ingest,
        "env": f"SLUICE_INGEST_TOKEN={ingest}",
    }.items():
        (MADE / name).write_text(text + "\n")
    subprocess.run(
        [sys.executable, "envoy/bootstrap.py", "--module", "/etc/envoy/sluice_filter.wasm", "--key", key]
        + ["--point", "sidecar", "sidecar:8081", "--point", "demo", "demo:8090", MADE / "envoy.yaml"],
        cwd=ROOT,
        check=True,
    )
    return key, admin


def main_flow(gateway, sidecar, key, admin):
    """What a caller does first; each line of it must hold."""
    _until("the sidecar is healthy", lambda: _get(f"{sidecar}/health"))
    _until("the gateway answers", lambda: _get(f"{gateway}/status"))
    _until("the demo provider answers", lambda: _chat(gateway, key))

    plain = json.loads(_chat(gateway, key))
    _expect(plain["object"] == "chat.completion" and plain["choices"][0]["message"]["content"], plain)
    print("plain completion: ok", flush=True)

    lines = [line for line in _chat(gateway, key, stream=True).splitlines() if line]
    _expect(len(lines) > 2 and all(line.startswith("data: ") for line in lines), lines)
    _expect(lines[-1] == "data: [DONE]", lines[-1])
    print(f"streamed completion: ok, {len(lines)} events", flush=True)

    def spend():
        page = json.loads(_get(f"{sidecar}/v1/spend?model=demo", admin))
        return page if any(row["stream"] for row in page["data"]) else None

    page = _until("the spend records are in the ledger", spend)
    _expect(len(page["data"]) >= 2 and all(row["cost_nano_usd"] for row in page["data"]), page)
    print(f"spend: ok, {json.dumps(page['totals'])}", flush=True)


def main():
    """Runs the flow on free ports, under a project name of its own."""
    SKIPPED.unlink(missing_ok=True)
    try:
        compose = [*docker_compose(), "--project-name", PROJECT, "--file", "envoy/compose.yaml"]
        make_images()
    except Skip as reason:
        SKIPPED.write_text(f"{reason}\n")
        print(f"\n!!! SKIPPED: the main flow in containers: {reason}\n", flush=True)
        return
    key, admin = make_mounts()
    port, sidecar_port = _free_port(), _free_port()
    environment = {**os.environ, "PORT": str(port), "SIDECAR_PORT": str(sidecar_port)}

    def run(*arguments):
        return subprocess.run([*compose, *arguments], cwd=ROOT, env=environment, check=False).returncode

    passed = False
    try:
        if run("up", "--detach") == 0:
            main_flow(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{sidecar_port}", key, admin)
            passed = True
    finally:
        if not passed:
            run("logs", "--no-color", "--tail", "40")
        run("down", "--volumes", "--timeout", "5")
    if not passed:
        sys.exit("compose did not come up")


def _chat(gateway, key, stream=False):
    body = {"model": "demo", "messages": [{"role": "user", "content": "Hello"}], "stream": stream}
    return _get(f"{gateway}/v1/chat/completions", key, body)


def _get(url, token=None, body=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None, headers)
    with _opener.open(request, timeout=10) as answer:
        return answer.read().decode()


def _until(what, probe, seconds=30):
    end = time.monotonic() + seconds
    while True:
        try:
            if found := probe():
                return found
            error = "not yet"
        except (OSError, ValueError, KeyError) as caught:
            error = caught
        if time.monotonic() > end:
            sys.exit(f"not within {seconds} s: {what} ({error})")
        time.sleep(0.2)


def _expect(condition, shown):
    if not condition:
        sys.exit(f"unexpected: {shown}")


def _quiet(*command):
    try:
        return subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=20, check=False
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return 1


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # this machine's own ports: never by a proxy

if __name__ == "__main__":
    main()
