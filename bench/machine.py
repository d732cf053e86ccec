"""What a measurement ran on: its figures mean little without it."""

import datetime
import os
import pathlib
import platform
import re
import subprocess

from stand import MODULES, ROOT


def describe():
    """{what: text}, in the order to be shown."""
    return {
        "date": datetime.date.today().isoformat(),
        "commit": _output("git", "-C", ROOT, "describe", "--always", "--dirty"),
        "CPU": f"{_cpu()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 1e9:.0f} GB",
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "Envoy": _envoy(),
        "Rust": _output("rustc", "--version"),
        "module": f"{MODULES['sluice'].stat().st_size / 1024:.0f} KiB",
    }


def _cpu():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    names = [re.search(rf"^{key}\s*:\s*(.+)$", text, re.MULTILINE) for key in ("model name", "cpu family", "model")]
    name, family, model = (found[1] if found else "?" for found in names)
    return f"{name} (family {family}, model {model})"


def _envoy():
    found = re.search(r"\d+\.\d+\.\d+/\w+", _output(os.environ["SLUICE_ENVOY"], "--version"))
    return found[0].replace("/", ", ") if found else "?"


def _output(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "?"
