"""make bench: every benchmark, as ratios taken in one run, printed and written to bench/results.md.

make bench ARGS="audit move" measures only those, and leaves what was written of the others.
"""

import re
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from bench.a_list import growth_of_the_list
from bench.a_move import moves_against_their_limit
from bench.a_post import posts_against_their_limit
from bench.a_sweep import growth_of_the_sweep
from bench.an_audit import share_of_the_time
from bench.machines import throughput_of_machines
from bench.mail import share_of_the_socket
from bench.profile import profile_of_a_move
from bench.profile_of_a_post import profile_of_a_post
from bench.result import Result
from bench.starting import start_and_memory
from bench.writers import fairness

RESULTS = Path(__file__).parent / "results.md"
HEAD = """# Results

Ratios taken in one run, contestants interleaved, the median of the repeats and their spread. Absolute times say more about the
machine than about the service, so there are none; what has a time for its goal is a share of that time, and says as much about the machine.
"""
COLUMNS = "| What | Measured | Goal | Spread |\n|---|---|---|---|\n"
BENCHES: Mapping[str, Callable[[], list[Result]]] = {
    "move": moves_against_their_limit, "profile": profile_of_a_move, "list": growth_of_the_list, "audit": share_of_the_time, "sweep": growth_of_the_sweep,
    "post": posts_against_their_limit, "profile_of_a_post": profile_of_a_post, "start": start_and_memory, "mail": share_of_the_socket, "writers": fairness, "machines": throughput_of_machines,
}  # fmt: skip


def main(names: list[str]) -> None:
    written = dict(re.findall(r"\n## (\w+)[^\n]*\n(.*?)(?=\n## |\Z)", RESULTS.read_text(encoding="utf-8"), re.DOTALL))
    for name in names or BENCHES:
        written[name] = _table(date.today(), BENCHES[name]())
        print(written[name])
        parts = [f"\n## {name}\n{written[name]}" for name in BENCHES if name in written]
        RESULTS.write_text(HEAD + "".join(parts), encoding="utf-8")


def _table(day: date, rows: list[Result]) -> str:
    lines = (f"| {row.what} | {row.median:.2f} | {row.goal} | {row.low:.2f} – {row.high:.2f} |\n" for row in rows)
    return f"\nMeasured on {day}.\n\n{COLUMNS}{''.join(lines)}"


if __name__ == "__main__":
    main(sys.argv[1:])
