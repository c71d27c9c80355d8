"""The service as a program, and waiting for it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

PROGRAM = [sys.executable, "-c", "from web.cli.main import main; main()"]


def start_program(folder: Path, settings: Mapping[str, str], *arguments: str, port: int = 8000) -> subprocess.Popen[bytes]:
    """Start practice-audit with its data in `folder`; it logs to log.txt there."""
    named = {f"PRACTICE_AUDIT_{name}": value for name, value in settings.items()}
    environment = {**os.environ, **named, "PRACTICE_AUDIT_DATA": str(folder), "PORT": str(port)}
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen([*PROGRAM, *arguments], env=environment, stderr=log, stdout=log)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_until(is_true: Callable[[], object], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < until, f"not within {seconds:g} s"
        time.sleep(0.05)
