"""The memory of another process."""

import pathlib
import re


def mappings(pid, rights, most):
    """Each mapping of a process that has these rights and so many bytes at most: (start, bytes, file or "")."""
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            start, end, own, file = re.match(r"(\w+)-(\w+) (\S+) \S+ \S+ \S+\s*(.*)", line).groups()
            start, end = int(start, 16), int(end, 16)
            if rights not in own or end - start > most:
                continue
            try:
                memory.seek(start)
                yield start, memory.read(end - start), file
            except (OSError, OverflowError):  # nothing is there, or nothing of its own
                continue
