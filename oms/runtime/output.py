"""One terminal for many processes: each line says who wrote it."""

import sys
import threading
from typing import IO

COLOURS = {"web": 36, "worker": 33, "beat": 35, "relay": 32, "demo": 34, "prepare": 34, "oms": 1}
WIDTH = 8
_one_line_at_a_time = threading.Lock()


def say(text: str, name: str = "oms") -> None:
    """Print a line under the name of whoever says it; nothing is lost when the terminal is gone."""
    prefix = f"{name:<{WIDTH}}| "
    if sys.stdout.isatty():
        prefix = f"\x1b[{COLOURS.get(name, 0)}m{prefix}\x1b[0m"
    try:
        with _one_line_at_a_time:
            sys.stdout.write(f"{prefix}{text}\n")
            sys.stdout.flush()
    except OSError:
        pass


def follow(stream: IO[bytes], name: str) -> threading.Thread:
    """Print what a process writes, line by line, until it closes its end."""

    def read() -> None:
        for line in stream:
            say(line.decode(errors="replace").rstrip("\n"), name)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread
