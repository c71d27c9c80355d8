"""Programs that take turns, as `bench/peers/the_work.py` says: a block of moves for each line they are given.

A contestant may be several processes, which are given their lines at once: its block ends with the last of them.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from rich.progress import track

from bench.peers import python_of
from bench.result import Took

ROOT = Path(__file__).resolve().parents[1]


class Contestant:
    def __init__(self, *commands: list[str], **environment: str) -> None:
        self._processes = [
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, cwd=ROOT, env={**os.environ, **environment}
            )
            for command in commands
        ]

    def ready(self) -> None:
        for said in self._answers():
            assert said == "ready", said

    def block(self) -> Took:
        """One process is timed by its own clock, so that the waking of this one is not counted; several from the first to the last."""
        began = time.perf_counter()
        for process in self._processes:
            assert process.stdin
            process.stdin.write("\n")
        said = [answer.split() for answer in self._answers()]
        took = float(said[0][0]) if len(said) == 1 else time.perf_counter() - began
        return Took(took, sum(float(work) for _, work in said))

    def _answers(self) -> list[str]:
        return [process.stdout.readline().strip() for process in self._processes if process.stdout]

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.communicate()


def peer(name: str, environment: str, url: str, moves: int, block: int) -> Contestant:
    """`environment` is "" for one that needs no more than the bench itself."""
    python = python_of(environment) if environment else Path(sys.executable)
    return Contestant([str(python), "-m", f"bench.peers.{name}", url, str(moves), str(block)])


def take_turns(contestants: Mapping[str, Contestant], repeats: int, what: str) -> list[dict[str, Took]]:
    """By name, for each repeat; the first block of each warms it up."""
    try:
        for contestant in contestants.values():
            contestant.ready()
            contestant.block()
        return [{name: one.block() for name, one in contestants.items()} for _ in track(range(repeats), what)]
    finally:
        for contestant in contestants.values():
            contestant.stop()
