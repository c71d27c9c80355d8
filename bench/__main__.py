"""make bench: every benchmark, as ratios taken in one run, printed and written to bench/results.md.

make bench ARGS="audit move" prints only those, and writes nothing.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from bench.a_list import growth_of_the_list
from bench.a_move import Result, share_of_the_limit
from bench.a_sweep import growth_of_the_sweep
from bench.an_audit import share_of_the_time
from bench.mail import share_of_the_socket

RESULTS = Path(__file__).parent / "results.md"
HEAD = """# Results

Ratios taken in one run, contestants interleaved, the median of the repeats and their spread. Absolute times say more about the
machine than about the service, so there are none; what has a time for its goal is a share of that time, and says as much about the machine.

| What | Measured | Goal | Spread |
|---|---|---|---|
"""
BENCHES: Mapping[str, Callable[[], list[Result]]] = {
    "move": lambda: [share_of_the_limit()], "list": growth_of_the_list, "audit": share_of_the_time, "sweep": growth_of_the_sweep,
    "mail": share_of_the_socket,
}  # fmt: skip


def main(names: list[str]) -> None:
    rows = [row for name in names or BENCHES for row in BENCHES[name]()]
    text = HEAD + "".join(f"| {row.what} | {row.median:.2f} | {row.goal} | {row.low:.2f} – {row.high:.2f} |\n" for row in rows)
    if not names:
        RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(sys.argv[1:])
