"""Run the benchmarks, print their tables and write them to bench/results.md.

`make bench` runs all of them; `make bench ARGS="move list"` runs those two and leaves the tables of the others as they were.

Benchmarks, by their names on the command line:
- move: move_throughput.py, moves a second beside other frameworks (peers/) and the bare driver; profile: move_profile.py, where the time goes
- post: post_throughput.py, the same over HTTP as a browser does it; profile_of_a_post: post_profile.py
- list: list_pages.py, lists at a million audits; audit: page_latency.py, pages for fifty people; sweep: reminder_sweep.py, reminders
- start: startup_and_memory.py; mail: email_throughput.py; writers: writer_fairness.py on SQLite; machines: process_scaling.py on PostgreSQL

What they share: databases.py, large_council.py and postgres.py (what is measured), processes.py (programs), move_programs.py,
post_servers.py and bare_wsgi.py (what takes turns), interleaved_runs.py (turns), http_client.py, auditor_session.py and smtp_sink.py
(the other end), result.py (ratios).
"""

import re
import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from bench.email_throughput import measure_emails
from bench.list_pages import measure_lists
from bench.move_profile import profile_of_a_move
from bench.move_throughput import measure_moves
from bench.page_latency import measure_pages
from bench.post_profile import profile_of_a_post
from bench.post_throughput import measure_posts
from bench.process_scaling import measure_processes
from bench.reminder_sweep import measure_sweeps
from bench.result import Result
from bench.startup_and_memory import measure_start_and_memory
from bench.writer_fairness import measure_writers

RESULTS = Path(__file__).parent / "results.md"
HEAD = """# Results

Ratios taken in one run, contestants interleaved, the median of the repeats and their spread. Absolute times say more about the
machine than about the service, so there are none; what has a time for its goal is a share of that time, and says as much about the machine.
"""
COLUMNS = "| What | Measured | Goal | Spread |\n|---|---|---|---|\n"
BENCHES: Mapping[str, Callable[[], list[Result]]] = {
    "move": measure_moves, "profile": profile_of_a_move, "list": measure_lists, "audit": measure_pages, "sweep": measure_sweeps,
    "post": measure_posts, "profile_of_a_post": profile_of_a_post, "start": measure_start_and_memory, "mail": measure_emails, "writers": measure_writers, "machines": measure_processes,
}  # fmt: skip


def main(names: list[str]) -> None:
    if unknown := [name for name in names if name not in BENCHES]:
        sys.exit(f"There is no benchmark {unknown[0]}; choose from: {' '.join(BENCHES)}")
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
