"""What every peer does, in plain Python: who may share an audit, what is missing, the hash of the history, who is told.

A peer is a program: `python -m bench.peers.<name> URL AUDITS BLOCK`. It makes its tables in the empty database at URL, fills them with
AUDITS graded audits and prints “ready”; then, for each line that comes in, it shares the next BLOCK of them and prints how many seconds
that took, and how many of these it had the processor. To share one is, in one transaction: read who asks and the audit with its twelve areas, check both, update the audit where its version is still
the one that was read, add the next row of history, five notices and five rows of the outbox. Each does so as its own documentation teaches.
"""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

AUDITOR, SAMPLE = 1, Path(__file__).parents[2] / "config" / "demo" / "audits" / "02-settled-foster-care.json"
NAMES = ("Amara Okafor", "Jonah Pryce", "Ruth Adeyemi", "Colin Marsh", "Leila Haddad", "Quality Assurance")
HEADER = {
    "auditor_id": AUDITOR, "practitioner_id": 2, "team_manager_id": 3, "service_manager_id": 4, "qaro_id": 5, "team": "assessment-east",
    "child_id": "7730412", "strand": "help_and_protection", "consulted": True, "overall_grade": "good",
}  # fmt: skip
TOLD = ("practitioner_id", "team_manager_id", "service_manager_id", "qaro_id")
AREAS, QA, LONG_ENOUGH, GRADES = 12, 6, 20, ("outstanding", "good", "requires_improvement", "inadequate")
Row = dict[str, Any]


class Person(Protocol):
    id: Any
    is_active: Any


class Area(Protocol):
    grade: Any
    evidence: Any
    impact: Any


class Audit(Protocol):
    reference: Any
    state: Any
    auditor_id: Any
    practitioner_id: Any
    team_manager_id: Any
    service_manager_id: Any
    qaro_id: Any
    consulted: Any
    overall_grade: Any
    history_count: Any
    history_head: Any


def take_turns(share: Callable[[int], object]) -> None:
    """`share` is given the number of each audit once, from 1."""
    in_blocks(share, range(1, int(sys.argv[2]) + 1), int(sys.argv[3]))


def in_blocks(do: Callable[[Any], object], work: Sequence[Any], block: int) -> None:
    print("ready", flush=True)
    for start, _ in zip(range(0, len(work), block), sys.stdin, strict=False):
        began, before = time.perf_counter(), time.process_time()
        for one in work[start : start + block]:
            do(one)
        print(time.perf_counter() - began, time.process_time() - before, flush=True)


def audits() -> Iterable[Row]:
    for number in range(1, int(sys.argv[2]) + 1):
        yield {
            "id": number,
            "reference": f"{number:04x}-2q9d",
            "state": "graded",
            "version": 7,
            "history_count": 6,
            "history_head": "0" * 64,
        } | HEADER


def areas() -> list[Row]:
    """Twelve, as people write them."""
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return [
        {"key": f"area_{n}", **{name: sample[f"area_{n}"][name] or "" for name in ("grade", "evidence", "impact")}}
        for n in range(1, AREAS + 1)
    ]


def may_share(audit: Audit, who: Person) -> bool:
    case = (audit.practitioner_id, audit.team_manager_id, audit.service_manager_id)
    return bool(who.is_active) and audit.auditor_id == who.id and who.id not in case


def is_consulted(audit: Audit) -> bool:
    return bool(audit.consulted)


def is_graded(audit: Audit) -> bool:
    return audit.overall_grade in GRADES


def is_complete(found: Iterable[Area]) -> bool:
    """All twelve are there, graded, and say why; what does not apply needs no more than that."""
    said = [area.grade == "not_applicable" or (area.grade in GRADES and _says_why(area)) for area in found]
    return len(said) == AREAS and all(said)


def _says_why(area: Area) -> bool:
    return min(len(area.evidence), len(area.impact)) >= LONG_ENOUGH


def now() -> datetime:
    return datetime.now(UTC)


def history_row(audit: Audit, by: int, at: datetime) -> Row:
    happened = {"number": audit.history_count + 1, "at": at.isoformat(), "by_id": by, "by_name": NAMES[by - 1], "move": "share"}
    facts = happened | {"from_state": "graded", "to_state": "shared", "facts": "{}", "previous": audit.history_head}
    parts = json.dumps((audit.reference, *facts.values()), separators=(",", ":"), ensure_ascii=False)
    return facts | {"at": at, "hash": hashlib.sha256(parts.encode()).hexdigest()}


def notifications_of(audit: Audit, number: int) -> list[Row]:
    key = f"{audit.reference}/{number}/audit_shared"
    recipients = [getattr(audit, name) for name in TOLD]
    return [{"key": key, "recipient": person, "event": "audit_shared", "reference": audit.reference} for person in (*recipients, QA)]


def notice(notification_policy: Row, at: datetime | str) -> Row:
    return notification_policy | {"at": at}


def waiting(notification_policy: Row, at: datetime | str) -> Row:
    return notification_policy | {"created_at": at, "state": "waiting", "attempts": 0, "next_attempt_at": at}
