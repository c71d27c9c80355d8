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
from notifications.recipients import load_notification_rules
from tests.fakes import FakeStore, FakeStoredForms
from tests.support.cheap_passwords import are_passwords_real
from web.cli.demo_data import load_people
from web.council import Council, open_council, prepare
from workflow.commands import action_moves, actions, assignments, audit_moves, drafting, escalations
from workflow.commands.actions import NewAction
from workflow.commands.context import CommandContext
from workflow.directory import Directory, Person
from workflow.form_loader import load_form
from workflow.models import Audit
from workflow.permissions import load_permissions
from workflow.workflow_config import load_rules

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TODAY = date(2026, 11, 23)
RULES = load_rules(FOLDER / "workflow.toml")
PERMISSIONS = load_permissions(FOLDER / "permissions.toml")
FORM = load_form(FOLDER / "forms" / "practice_evaluation.toml")
NOTIFICATION_RULES = load_notification_rules(FOLDER / "notifications.toml")
GRADED = tuple(f"area_{n}" for n in range(1, 13))
STATES = ("draft", "practitioner_consulted", "graded", "shared", "moderated", "actions_closed")


@dataclass
class World:
    """A store, real or fake, with the real rules, permissions, form and notification tables; its clock does not move."""

    store: Any
    now: datetime = NOW
    forms: FakeStoredForms = field(default_factory=lambda: FakeStoredForms(FORM))

    def command_context(self) -> CommandContext:
        return CommandContext(self.store, self.store.directory(self.now), RULES, PERMISSIONS, self.forms, NOTIFICATION_RULES, self.now)

    def person(self, name: str) -> Person:
        person: Person | None = self.store.directory(self.now).by_email(f"{name}@demo.example")
        assert person is not None, name
        return person

    def audit(self, reference: str) -> Audit:
        audit: Audit | None = self.store.audit(reference)
        assert audit is not None, reference
        return audit

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


def a_fake_world() -> World:
    return World(FakeStore(_directory()))


@cache
def _directory() -> Directory:
    with tempfile.TemporaryDirectory() as folder:
        council = a_council(Path(folder))
        directory = council.store.directory()
        council.engine.dispose()
    return directory


@cache
def _template(has_real_passwords: bool) -> Path:
    """A prepared database to copy, once for each cost of a password."""
    del has_real_passwords  # in force while the people are made
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
    shutil.copytree(_template(are_passwords_real()), folder, dirs_exist_ok=True)
    return open_council(settings(folder, **more))


def a_world(council: Council) -> World:
    return World(council.store)


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


def save(world: World, who: str, reference: str, section: str, given: Mapping[str, Any]) -> Audit:
    return drafting.save_section(world.command_context(), world.person(who), reference, section, given, world.audit(reference).version)


@dataclass(frozen=True)
class Plan:
    """How an audit is to walk: the grades given, the people of its case."""

    grade: str = "good"
    moderated_grade: str = ""
    auditor: str = "auditor"
    moderator: str = "moderator"
    details: Mapping[str, Any] = field(default_factory=dict)


def an_audit(world: World, at: str = "moderated", plan: Plan | None = None, **more: Any) -> str:
    """The reference of an audit that has walked, by its own people, to the state `at`."""
    plan = replace(plan or Plan(), **more)
    reference = drafting.start_audit(world.command_context(), world.person(plan.auditor), {**DETAILS, **plan.details}).reference
    walk(world, reference, at, plan)
    return reference


def walk(world: World, reference: str, at: str, plan: Plan | None = None) -> None:
    """From its start to the state `at`."""
    for state in STATES[1 : STATES.index(at) + 1]:
        WALKS[state](world, reference, plan or Plan())


def _consult(world: World, reference: str, plan: Plan) -> None:
    save(world, plan.auditor, reference, "consultation", {"spoke_to": "Priya Nair"})
    audit_moves.record_consultation(world.command_context(), world.person(plan.auditor), reference)


def _grade(world: World, reference: str, plan: Plan) -> None:
    for section, given in answers(plan.grade).items():
        if section not in {"details", "consultation"}:
            save(world, plan.auditor, reference, section, given)
    if not world.audit(reference).actions:
        actions.add_action(world.command_context(), world.person(plan.auditor), reference, AN_ACTION)
    audit_moves.grade(world.command_context(), world.person(plan.auditor), reference)


def _share(world: World, reference: str, plan: Plan) -> None:
    audit_moves.share(world.command_context(), world.person(plan.auditor), reference)


def _moderate(world: World, reference: str, plan: Plan) -> None:
    assign(world, reference, plan.moderator)
    grade = plan.moderated_grade or plan.grade
    judgement = {"grade": grade, **FOURTEENTH, "difference_reason": "Seen differently." if grade != plan.grade else None}
    save(world, plan.moderator, reference, "moderation", judgement)
    audit_moves.moderate(world.command_context(), world.person(plan.moderator), reference)


def assign(world: World, reference: str, moderator: str = "moderator") -> None:
    assignments.assign_moderator(world.command_context(), world.person("qa"), reference, f"{moderator}@demo.example")


def _close(world: World, reference: str, plan: Plan) -> None:
    settle(world, reference)
    audit_moves.close_actions(world.command_context(), world.person(closer_of(world, reference)), reference)


def settle(world: World, reference: str) -> None:
    """Resolve the escalation and verify every action, each as the person responsible."""
    audit = world.audit(reference)
    if audit.escalation_state in {"open", "acknowledged"}:
        resolve(world, reference)
    reporter, verifier = ("head.of.service", "hos.ppqa") if audit.was_escalated else ("team.manager", "qa")
    for action in world.audit(reference).actions:
        if action.state == "open":
            action_moves.report(world.command_context(), world.person(reporter), reference, action.number)
            action_moves.verify(world.command_context(), world.person(verifier), reference, action.number)


def resolve(world: World, reference: str) -> None:
    for name in ("head.of.service", "director.safeguarding", "hos.ppqa"):
        escalations.acknowledge(world.command_context(), world.person(name), reference)
    escalations.plan(world.command_context(), world.person("head.of.service"), reference, "Daily oversight.")
    escalations.resolve(world.command_context(), world.person("hos.ppqa"), reference, "The plan is carried out.")


def closer_of(world: World, reference: str) -> str:
    return "hos.ppqa" if world.audit(reference).was_escalated else "qa"


WALKS: Mapping[str, Callable[[World, str, Plan], None]] = {
    "practitioner_consulted": _consult, "graded": _grade, "shared": _share, "moderated": _moderate, "actions_closed": _close,
}  # fmt: skip
