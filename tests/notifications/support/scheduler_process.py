"""A scheduler in its own process, whose clock jumps while it waits, or which is stopped."""

import subprocess
import sys

RUNS = """
import os, signal, threading
import time_machine
from datetime import timedelta, datetime, UTC
from notifications.scheduling.{scheduler} import run_until_stopped

runs, now = [], datetime(2026, 11, 25, 12, tzinfo=UTC)
clock = time_machine.travel(now, tick=True).start()

def job():
    runs.append(datetime.now(UTC))
    if len(runs) == 2:
        clock.move_to(now + timedelta(days={days}))
    if len(runs) == 4:
        os.kill(os.getpid(), signal.SIGTERM)

run_until_stopped(*{given}, {{"job": (job, 1)}}, threading.Event())
print(min(len(runs), 4))
"""

IS_TOLD = """
import os, signal, threading
from notifications.scheduling.{scheduler} import run_until_stopped

stopping = threading.Event()
run_until_stopped(*{given}, {{"job": (lambda: os.kill(os.getpid(), signal.SIGTERM), 1)}}, stopping)
print(stopping.is_set())
"""


def goes_on_when_the_clock_jumps(scheduler: str, days: int, *given: str) -> None:
    """Four runs of a job, two of them after the jump; `given` is what the scheduler is given before its jobs."""
    assert _says(RUNS.format(scheduler=scheduler, days=days, given=given), within=60) == "4"


def stops_when_told_at_the_worst_time(scheduler: str, *given: str) -> None:
    """While the job that tells it is still being handed to its thread, with the scheduler’s locks held."""
    assert _says(IS_TOLD.format(scheduler=scheduler, given=given), within=30) == "True"


def _says(program: str, within: float) -> str:
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=within, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()
