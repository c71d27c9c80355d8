"""The clockwork goes on where the machine’s clock is set back under it: a scheduler that waits for a time to come waits in vain."""

import subprocess
import sys
from textwrap import dedent

import pytest

RUNS = """
import os, signal
import time_machine
from datetime import timedelta, datetime, UTC
from notifications.schedule import run_until_stopped

runs, now = [], datetime(2026, 11, 25, 12, tzinfo=UTC)
clock = time_machine.travel(now, tick=True).start()

def job():
    runs.append(datetime.now(UTC))
    if len(runs) == 2:
        clock.move_to(now + timedelta(days=STEP))
    if len(runs) == 4:
        os.kill(os.getpid(), signal.SIGTERM)

run_until_stopped({"job": (job, 1)})
print(len(runs))
"""


@pytest.mark.parametrize("step", [-1, 400])
def test_a_clock_that_is_set_back_or_ahead_does_not_stop_it(step: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", dedent(RUNS.replace("STEP", str(step)))], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "4"), ran.stderr
