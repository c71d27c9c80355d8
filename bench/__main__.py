"""make bench: every benchmark, as ratios taken in one run, printed and written to bench/results.md."""

from pathlib import Path

from bench.a_list import growth_of_the_list
from bench.a_move import share_of_the_limit

RESULTS = Path(__file__).parent / "results.md"
HEAD = """# Results

Ratios taken in one run, contestants interleaved, the median of the repeats and their spread. Absolute times say more about the
machine than about the service, so there are none.

| What | Measured | Goal | Spread |
|---|---|---|---|
"""


def main() -> None:
    rows = [share_of_the_limit(), *growth_of_the_list()]
    text = HEAD + "".join(f"| {row.what} | {row.median:.2f} | {row.goal} | {row.low:.2f} – {row.high:.2f} |\n" for row in rows)
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
