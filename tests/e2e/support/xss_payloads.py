"""The payloads of script_payloads.txt, each with a number of its own, and ways to pack many of them into one field."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from pathlib import Path

WAYS, IN_TURN = "Ways to put each", 3
FAR = 5
"""Between the ways that one payload is put: neither a divisor of their number nor next to each other."""


@cache
def payloads() -> tuple[str, ...]:
    """Number n calls ran(n), or is a sentence of what would."""
    families = _families()
    ways = next(lines for name, lines in families.items() if name.startswith(WAYS))
    raw = [line for name, lines in families.items() if not name.startswith(WAYS) for line in lines]
    put = (way.replace("…", line) for at, line in enumerate(raw) for way in _ways(ways, at))
    return tuple(_numbered(text, number) for number, text in enumerate(put))


def everything(turn: int) -> str:
    """All of them, a line each, beginning elsewhere each turn: what is cut short shows others."""
    start = turn * 37 % len(payloads())
    return "\n".join((*payloads()[start:], *payloads()[:start]))


def packed(most: int, *, one_line: bool = True) -> list[str]:
    """All that fit into fields of that length, as many to a field as possible."""
    fields, between = [""], " " if one_line else "\n"
    for text in payloads():
        if len(text) > most or (one_line and not text.isprintable()):
            continue
        together = f"{fields[-1]}{between}{text}".strip()
        if len(together) > most:
            fields.append(text)
        else:
            fields[-1] = together
    return fields


def held_in(texts: list[str]) -> int:
    """How many of them stand somewhere in these."""
    return sum(any(one in text for text in texts) for one in payloads())


def _families() -> dict[str, list[str]]:
    text = (Path(__file__).parent / "script_payloads.txt").read_text(encoding="utf-8")
    parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)[1:]
    return {name: [_read(line) for line in lines.splitlines() if line] for name, lines in zip(parts[::2], parts[1::2], strict=True)}


def _read(line: str) -> str:
    return re.sub("⟨([0-9a-f]+)⟩", lambda found: chr(int(found[1], 16)), line)


def _ways(ways: list[str], at: int) -> Iterator[str]:
    first, *others = ways
    yield first
    yield from islice((others[(at + n * FAR) % len(others)] for n in range(len(others))), IN_TURN)


def _numbered(text: str, number: int) -> str:
    return re.sub(r"(?<![A-Za-z])N(?![A-Za-z])", str(number), text.replace("RUN", "ran(N)"))
