"""The demo council: invented people, and sample audits taken by the real moves to different states."""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from web.cli.queries import every_reference_in, set_passwords
from web.council import Council
from workflow.commands import action_moves, actions, assignments, audit_moves, drafting, escalations
from workflow.commands.actions import NewAction
from workflow.commands.context import CommandContext
from workflow.directory import Duty, Person
from workflow.errors import Refusal
from workflow.storage.directory_seed import SeedPerson, add_people, add_teams
from workflow.storage.engine import write_transaction

STEPS = ("draft", "practitioner_consulted", "graded", "shared", "moderated", "actions_closed")
DOMAIN = "@demo.example"
Sample = Mapping[str, Any]


class HoldsOthers(Refusal):
    """This database holds other audits, so the demo council is not loaded into it."""


def load_demo(council: Council, password: str, today: date, told: Callable[[str], None] = lambda step: None) -> None:
    """Raise HoldsOthers rather than mix invented audits with real ones. `told` hears of each step.

    Where the demo is there already, its people get this password, and nothing else changes.
    """
    _refuse_others(council)
    if is_loaded(council):
        set_passwords(council.engine, DOMAIN, PasswordHasher().hash(password))
        return
    told("people")
    load_people(council, password)
    folder = council.settings.config / "demo"
    for row in _table(council)["audit"]:
        told(row["file"])
        walk(council, read_sample(folder / "audits" / f"{row['file']}.json"), row["at"], today)


def load_people(council: Council, password: str) -> None:
    """The demo’s teams and people, without any audit."""
    with write_transaction(council.engine) as connection:
        add_teams(connection, _table(council))
        add_people(connection, _entries(_table(council)["people"], PasswordHasher().hash(password)))


def _table(council: Council) -> Mapping[str, Any]:
    return tomllib.loads((council.settings.config / "demo" / "council.toml").read_text(encoding="utf-8"))


def is_loaded(council: Council) -> bool:
    return council.store.directory().by_email(f"admin{DOMAIN}") is not None


def is_empty(council: Council) -> bool:
    return not council.store.directory().people


def read_sample(path: Path) -> Sample:
    sample: Sample = json.loads(path.read_text(encoding="utf-8"))
    return sample


def _refuse_others(council: Council) -> None:
    others = any(not person.email.endswith(DOMAIN) for person in council.store.directory().people.values())
    if others or (every_reference_in(council.engine) and not is_loaded(council)):
        raise HoldsOthers


def _entries(people: Mapping[str, Any], password_hash: str) -> Iterator[SeedPerson]:
    for email, person in people.items():
        duties = (role.partition(":") for role in person["roles"])
        yield SeedPerson(email, person["name"], tuple(Duty(role, scope) for role, _, scope in duties), password_hash)


# --- Walking a sample audit ------------------------------------------------------------------------------------------


class Walk:
    """A sample audit on its way; each step is made by the person whose step it is, on the day it would be made."""

    def __init__(self, council: Council, sample: Sample, today: date) -> None:
        self.council, self.sample, self.today = council, sample, today
        self.day = dated(sample["details"]["audit_date"], today)
        self.reference = ""

    def command_context(self) -> CommandContext:
        """Half past ten in the morning of the day the walk has come to, never in the future."""
        at = datetime.combine(self.day, time(10, 30), UTC)
        return self.council.command_context(min(at, datetime.now(UTC)))

    def person(self, email: str) -> Person:
        person = self.council.store.directory().by_email(email)
        if person is None:
            raise Refusal(f"The demo council lacks {email}.")
        return person

    @property
    def auditor(self) -> Person:
        return self.person(self.sample["expected"]["auditor"])

    def pass_days(self, count: int) -> None:
        self.day = min(self.day + timedelta(days=count), self.today)

    def start(self) -> None:
        details = {key: dated(value, self.today, as_text=True) for key, value in self.sample["details"].items()}
        self.reference = drafting.start_audit(self.command_context(), self.auditor, details).reference
        self.write("consultation")

    def write(self, section: str, by: Person | None = None) -> None:
        answers = self.sample.get(section)
        if answers:
            version = self.council.store.audit(self.reference)
            assert version is not None
            drafting.save_section(self.command_context(), by or self.auditor, self.reference, section, answers, version.version)


def walk(council: Council, sample: Sample, at: str, today: date) -> str:
    """Take a sample audit to the state `at` by the real moves; answers its reference."""
    walking = Walk(council, sample, today)
    walking.start()
    for step in STEPS[1 : STEPS.index(at) + 1]:
        WALKS[step](walking)
    return walking.reference


def dated(value: Any, today: date, *, as_text: bool = False) -> Any:
    """`{"days_ago": n}` of a sample as a date, anything else as it is."""
    if not isinstance(value, dict):
        return value
    day = today - timedelta(days=value["days_ago"])
    return day.isoformat() if as_text else day


def _consult(walking: Walk) -> None:
    audit_moves.record_consultation(walking.command_context(), walking.auditor, walking.reference)


def _grade(walking: Walk) -> None:
    for section in ("summary", *(f"area_{n}" for n in range(1, 13)), "service_comments", "declaration"):
        walking.write(section)
    if reason := (walking.sample.get("actions_section") or {}).get("no_actions_reason"):
        audit = walking.council.store.audit(walking.reference)
        assert audit is not None
        drafting.save_section(
            walking.command_context(), walking.auditor, walking.reference, "actions", {"no_actions_reason": reason}, audit.version
        )
    base = dated(walking.sample["details"]["audit_date"], walking.today)
    for action in walking.sample["actions"]:
        new = NewAction(action["text"], action["owner"], (base + timedelta(days=action["due_in_days"])).isoformat())
        actions.add_action(walking.command_context(), walking.auditor, walking.reference, new)
    audit_moves.grade(walking.command_context(), walking.auditor, walking.reference)


def _share(walking: Walk) -> None:
    walking.pass_days(1)
    audit_moves.share(walking.command_context(), walking.auditor, walking.reference)
    if moderator := walking.sample["expected"]["moderator"]:
        assignments.assign_moderator(walking.command_context(), walking.person(f"qa{DOMAIN}"), walking.reference, moderator)


def _moderate(walking: Walk) -> None:
    walking.pass_days(2)
    moderator = walking.sample["expected"]["moderator"]
    if not moderator:
        audit_moves.waive_moderation(
            walking.command_context(), walking.person(f"qa{DOMAIN}"), walking.reference, "Not picked by the selection rule"
        )
        return
    walking.write("moderation", walking.person(moderator))
    for action in walking.sample.get("additional_actions") or ():
        due_on = walking.today + timedelta(days=max(1, action["due_in_days"]))
        new = NewAction(action["text"], action["owner"], due_on.isoformat())
        actions.add_action(walking.command_context(), walking.person(moderator), walking.reference, new)
    audit_moves.moderate(walking.command_context(), walking.person(moderator), walking.reference)


def _close(walking: Walk) -> None:
    """Every action reported and verified by who does so, an escalation acknowledged, planned and resolved before."""
    escalated = walking.sample["expected"]["told_on_escalation"]
    hos = next((walking.person(email) for email in escalated if email.startswith("head.")), None)
    if hos:
        for email in escalated:
            escalations.acknowledge(walking.command_context(), walking.person(email), walking.reference)
        escalations.plan(walking.command_context(), hos, walking.reference, "Daily management oversight; the file is reviewed in a week.")
        escalations.resolve(
            walking.command_context(),
            walking.person(f"hos.ppqa{DOMAIN}"),
            walking.reference,
            "The plan was carried out and seen on the file.",
        )
    reporter = hos or walking.person(walking.sample["details"]["team_manager"])
    verifier = walking.person(f"hos.ppqa{DOMAIN}" if hos else f"qa{DOMAIN}")
    audit = walking.council.store.audit(walking.reference)
    for action in audit.actions if audit else ():
        action_moves.report(walking.command_context(), reporter, walking.reference, action.number)
        action_moves.verify(walking.command_context(), verifier, walking.reference, action.number)
    audit_moves.close_actions(walking.command_context(), verifier, walking.reference)


WALKS: Mapping[str, Callable[[Walk], None]] = {
    "practitioner_consulted": _consult, "graded": _grade, "shared": _share, "moderated": _moderate, "actions_closed": _close,
}  # fmt: skip
