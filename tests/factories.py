"""A council to try things in, and audits that have really walked to where they are: nobody sets a state by hand."""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from config.settings import FOLDER, Settings, read_settings
from notifications.recipients import load_who_hears
from tests.fakes import FakeShelf, FakeStore
from web.cli.demo_data import load_people
from web.council import Council, open_council, prepare
from workflow.commands import actions, assignments, audit_moves, drafting, escalations
from workflow.commands.actions import NewAction
from workflow.commands.context import CommandContext
from workflow.directory import Directory, Person
from workflow.form_loader import load_form
from workflow.guards import GUARDS
from workflow.models import Audit
from workflow.permissions import load_permissions
from workflow.workflow_config import load_rules

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
RULES = load_rules(FOLDER / "workflow.toml", GUARDS)
PERMISSIONS = load_permissions(FOLDER / "permissions.toml")
FORM = load_form(FOLDER / "forms" / "practice_evaluation.toml")
WHO_HEARS = load_who_hears(FOLDER / "notifications.toml")
GRADED = tuple(f"area_{n}" for n in range(1, 13))
STATES = ("draft", "practitioner_consulted", "graded", "shared", "moderated", "actions_closed")


@dataclass
class House:
    """A store, real or fake, with the real rules, permissions, form and tables of who hears; its clock stands still."""

    store: Any
    now: datetime = NOW
    forms: FakeShelf = field(default_factory=lambda: FakeShelf(FORM))

    def command_context(self) -> CommandContext:
        return CommandContext(self.store, self.store.directory(self.now), RULES, PERMISSIONS, self.forms, WHO_HEARS, self.now)

    def person(self, name: str) -> Person:
        person: Person | None = self.store.directory().by_email(f"{name}@demo.example")
        assert person is not None, name
        return person

    def audit(self, reference: str) -> Audit:
        audit: Audit | None = self.store.audit(reference)
        assert audit is not None, reference
        return audit

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


def a_fake_house() -> House:
    return House(FakeStore(_directory()))


@cache
def _directory() -> Directory:
    with tempfile.TemporaryDirectory() as folder:
        council = a_council(Path(folder))
        directory = council.store.directory()
        council.engine.dispose()
    return directory


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="council-template-"))
    council = open_council(settings(folder))
    prepare(council)
    load_people(council, "correct horse")
    with council.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    council.engine.dispose()
    return folder


def settings(folder: Path, **more: str) -> Settings:
    named = {f"PRACTICE_AUDIT_{name}": value for name, value in more.items()}
    return read_settings({"PRACTICE_AUDIT_DATA": str(folder), "PRACTICE_AUDIT_BASE_URL": "http://localhost", **named})


def a_council(folder: Path, **more: str) -> Council:
    """A real council on a database of its own, its people in it."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(_template(), folder, dirs_exist_ok=True)
    return open_council(settings(folder, **more))


def a_house(council: Council) -> House:
    return House(council.store)


# --- Audits ----------------------------------------------------------------------------------------------------------

DETAILS: Mapping[str, Any] = {
    "audit_date": "2026-11-20", "child_id": "C-1001", "team": "assessment-east", "practitioner": "practitioner@demo.example",
    "team_manager": "team.manager@demo.example", "service_manager": "service.manager@demo.example", "qaro": "qaro@demo.example",
    "audited_previously": False, "age_band": "6-10", "strand": "help_and_protection",
}  # fmt: skip
SUMMARY = {"case_summary": "A family of three.", "chronology_up_to_date": True, "cultural_genogram": False, "ehcp": False}
AN_ACTION = NewAction("Book the visit.", "practitioner@demo.example", "2026-12-20")
FOURTEENTH = {"evidence": "Read again.", "impact": "Seen again."}


def answers(grade: str = "good", **details: Any) -> dict[str, dict[str, Any]]:
    """Every section of a complete audit, with the same grade throughout."""
    area = {"grade": grade, "evidence": "Seen on the file.", "impact": "Alex is safer."}
    return {
        "details": {**DETAILS, **details}, "consultation": {"spoke_to": "Priya Nair"}, "summary": SUMMARY,
        **dict.fromkeys(GRADED, area), "declaration": {"no_conflict": True},
    }  # fmt: skip


def save(house: House, who: str, reference: str, section: str, given: Mapping[str, Any]) -> Audit:
    return drafting.save_section(house.command_context(), house.person(who), reference, section, given, house.audit(reference).version)


@dataclass(frozen=True)
class Plan:
    """How an audit is to walk: the grades given, the people of its case."""

    grade: str = "good"
    moderated_grade: str = ""
    auditor: str = "auditor"
    moderator: str = "moderator"
    details: Mapping[str, Any] = field(default_factory=dict)


def an_audit(house: House, at: str = "moderated", plan: Plan | None = None, **more: Any) -> str:
    """The reference of an audit that has walked, by its own people, to the state `at`."""
    plan = replace(plan or Plan(), **more)
    reference = drafting.start_audit(house.command_context(), house.person(plan.auditor), {**DETAILS, **plan.details}).reference
    for state in STATES[1 : STATES.index(at) + 1]:
        WALKS[state](house, reference, plan)
    return reference


def _consult(house: House, reference: str, plan: Plan) -> None:
    save(house, plan.auditor, reference, "consultation", {"spoke_to": "Priya Nair"})
    audit_moves.record_consultation(house.command_context(), house.person(plan.auditor), reference)


def _grade(house: House, reference: str, plan: Plan) -> None:
    for section, given in answers(plan.grade).items():
        if section not in {"details", "consultation"}:
            save(house, plan.auditor, reference, section, given)
    if not house.audit(reference).actions:
        actions.add_action(house.command_context(), house.person(plan.auditor), reference, AN_ACTION)
    audit_moves.grade(house.command_context(), house.person(plan.auditor), reference)


def _share(house: House, reference: str, plan: Plan) -> None:
    audit_moves.share(house.command_context(), house.person(plan.auditor), reference)


def _moderate(house: House, reference: str, plan: Plan) -> None:
    assign(house, reference, plan.moderator)
    grade = plan.moderated_grade or plan.grade
    judgement = {"grade": grade, **FOURTEENTH, "difference_reason": "Seen differently." if grade != plan.grade else None}
    save(house, plan.moderator, reference, "moderation", judgement)
    audit_moves.moderate(house.command_context(), house.person(plan.moderator), reference)


def assign(house: House, reference: str, moderator: str = "moderator") -> None:
    assignments.assign_moderator(house.command_context(), house.person("qa"), reference, f"{moderator}@demo.example")


def _close(house: House, reference: str, plan: Plan) -> None:
    settle(house, reference)
    audit_moves.close_actions(house.command_context(), house.person(closer_of(house, reference)), reference)


def settle(house: House, reference: str) -> None:
    """Resolve the escalation and verify every action, each by who does so."""
    audit = house.audit(reference)
    if audit.escalation_state in {"open", "acknowledged"}:
        resolve(house, reference)
    reporter, verifier = ("head.of.service", "hos.ppqa") if audit.was_escalated else ("team.manager", "qa")
    for action in house.audit(reference).actions:
        if action.state == "open":
            actions.report(house.command_context(), house.person(reporter), reference, action.number)
            actions.verify(house.command_context(), house.person(verifier), reference, action.number)


def resolve(house: House, reference: str) -> None:
    for name in ("head.of.service", "director.safeguarding", "hos.ppqa"):
        escalations.acknowledge(house.command_context(), house.person(name), reference)
    escalations.plan(house.command_context(), house.person("head.of.service"), reference, "Daily oversight.")
    escalations.resolve(house.command_context(), house.person("hos.ppqa"), reference, "The plan is carried out.")


def closer_of(house: House, reference: str) -> str:
    return "hos.ppqa" if house.audit(reference).was_escalated else "qa"


WALKS: Mapping[str, Callable[[House, str, Plan], None]] = {
    "practitioner_consulted": _consult, "graded": _grade, "shared": _share, "moderated": _moderate, "actions_closed": _close,
}  # fmt: skip
