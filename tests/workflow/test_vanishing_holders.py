"""Every duty × every way its holder vanishes × every state: the right people are told at once, and the audit still reaches its end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.factories import AN_ACTION, DETAILS, FOURTEENTH, GRADED, World, a_council, a_world, an_audit, answers, assign, save
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance, cover
from web.cli.verify_history import find_first_break
from web.council import Council
from workflow.commands import action_moves, actions, assignments, audit_moves, drafting, escalations, successions
from workflow.commands.actions import NewAction
from workflow.commands.directory import bulk_import, connections, people, roles
from workflow.directory import Duty, Person
from workflow.duty_holders import duties_of
from workflow.errors import Refusal
from workflow.models import Audit
from workflow.role_assignments import format_duty
from workflow.roles import CASE_ROLES
from workflow.storage import tables
from workflow.storage.engine import read_transaction

NAMES = {
    "auditor": "auditor", "practitioner": "practitioner", "team_manager": "team.manager", "service_manager": "service.manager", "qaro": "qaro",
    "moderator": "moderator", "owner": "practitioner", "head_of_service": "head.of.service", "director": "director.safeguarding", "hos_ppqa": "hos.ppqa",
    "qa": "qa",
}  # fmt: skip
SPARE = {
    "auditor": "auditor2", "practitioner": "practitioner2", "team_manager": "team.manager2", "service_manager": "team.manager2",
    "qaro": "team.manager2", "moderator": "moderator2", "owner": "practitioner2",
}  # fmt: skip
POSTS = ("head_of_service", "director", "hos_ppqa")
UNWRITTEN, SHARED = ("draft", "practitioner_consulted", "graded"), ("shared", "moderated")
TOLD = {
    **dict.fromkeys(SPARE, frozenset({"duty_must_pass_on"})),
    **dict.fromkeys(POSTS, frozenset({"escalation_opened", "escalation_handed_over", "post_found_vacant"})),
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    duty: str
    way: str
    state: str
    grade: str
    is_named: bool
    """Whether the QA Service names a successor, or the duty is left to whom it falls to."""

    @property
    def is_owed(self) -> bool:
        """Whether the audit waits for this duty already: before it is shared, its auditor chooses the people."""
        if self.duty in POSTS:
            return self.grade == "inadequate" and self.state in SHARED
        by_state = {"auditor": self.state in UNWRITTEN, "moderator": self.state == "shared", "practitioner": False, "qa": False}
        return by_state.get(self.duty, self.state in SHARED)


def _leaves(world: World, case: Case, who: Person) -> None:
    people.mark_as_left(world.command_context(), world.person("admin"), who.id)


def _leaves_by_import(world: World, case: Case, who: Person) -> None:
    _import(world, bulk_import.Line(2, who.email, who.name, active="no"))


def _loses_the_role(world: World, case: Case, who: Person) -> None:
    roles.take_role(world.command_context(), world.person("admin"), who.id, _duty(case, who))


def _loses_the_role_by_import(world: World, case: Case, who: Person) -> None:
    left = ";".join(format_duty(one) for one in who.duties - {_duty(case, who)})
    _import(world, bulk_import.Line(2, who.email, who.name, roles=left))


def _is_connected(world: World, case: Case, who: Person) -> None:
    connections.declare_connection(world.command_context(), who, "c 1001")


WAYS: dict[str, Callable[[World, Case, Person], None]] = {
    "leaves": _leaves, "leaves by import": _leaves_by_import, "loses the role": _loses_the_role,
    "loses the role by import": _loses_the_role_by_import, "is connected": _is_connected,
}  # fmt: skip


def _cases() -> Iterator[Case]:
    for duty, way, state, grade, named in product(NAMES, WAYS, (*UNWRITTEN, *SHARED), ("good", "inadequate"), (True, False)):
        needs_successor = duty in {"auditor", "moderator"} and not named
        keeps_it = duty == "owner" and way.startswith("loses")
        if not needs_successor and not keeps_it:
            yield Case(duty, way, state, grade, named)


def test_the_audit_goes_on_and_the_right_people_were_told(tmp_path: Path, bar: Bar) -> None:
    axes = [lambda one: (one.duty, one.is_owed), lambda one: one.way, lambda one: one.state, lambda one: (one.grade, one.is_named)]
    _try(cover(_cases(), axes, chance("vanishing holders")), tmp_path, bar)


@pytest.mark.long
def test_every_audit_goes_on(tmp_path: Path, bar: Bar) -> None:
    _try(list(_cases()), tmp_path, bar)


def _try(cases: list[Case], folder: Path, bar: Bar) -> None:
    finished = 0
    for number, case in enumerate(cases):
        council = a_council(folder / str(number))
        try:
            _vanish_and_finish(council, a_world(council), case)
        except (AssertionError, Refusal) as failure:
            raise AssertionError(f"{case}: {failure!r}") from failure
        finally:
            council.engine.dispose()
        finished += 1
    bar("T9", wanted=len(cases), seen=finished)


def _vanish_and_finish(council: Council, world: World, case: Case) -> None:
    for role in ("service_manager", "qaro"):
        roles.give_role(world.command_context(), world.person("admin"), world.person("team.manager2").id, Duty(role))
    reference = an_audit(world, case.state, grade=case.grade)
    if case.state == "draft":
        actions.add_action(world.command_context(), world.person("auditor"), reference, AN_ACTION)
    if case.state == "shared":
        assign(world, reference)
    before = _number_of_notices(world)
    gone = [NAMES[case.duty], *(["qa2"] if case.duty == "qa" else [])]
    for name in gone:
        WAYS[case.way](world, case, world.person(name))
    if case.is_owed:
        _ensure_told(world, reference, case, before)
    Walk(world, reference, case).to_its_end()
    assert find_first_break(council, [reference]) == ""


def _ensure_told(world: World, reference: str, case: Case, before: int) -> None:
    with read_transaction(world.store.engine) as connection:
        rows = connection.execute(select(tables.notices).where(tables.notices.c.id > before)).all()
    assert {row.event for row in rows if row.reference == reference} & TOLD[case.duty], [tuple(row) for row in rows]
    found = [one for one in duties_of(world.audit(reference), world.store.directory()) if one.duty == case.duty]
    assert found
    assert all(one.answers and not one.is_held for one in found)


class Walk:
    """To its end, each step by anybody who may make it."""

    def __init__(self, world: World, reference: str, case: Case) -> None:
        self.world, self.reference, self.case = world, reference, case

    def to_its_end(self) -> None:
        self.names_successors()
        steps = {"draft": self.consults, "practitioner_consulted": self.grades, "graded": self.shares, "shared": self.moderates}
        while step := steps.get(self.audit.state):
            step()
        self.resolves()
        for action in self.audit.actions:
            if action.state == "open":
                self.anybody(lambda context, who, number=action.number: action_moves.report(context, who, self.reference, number))
            self.anybody(lambda context, who, number=action.number: action_moves.verify(context, who, self.reference, number))
        self.anybody(lambda context, who: audit_moves.close_actions(context, who, self.reference))
        assert self.audit.state == "actions_closed"

    @property
    def audit(self) -> Audit:
        return self.world.audit(self.reference)

    def anybody(self, step: Callable[..., Any]) -> None:
        refused = {}
        for who in self.world.store.directory().people.values():
            try:
                step(self.world.command_context(), who)
            except Refusal as refusal:
                refused[who.email] = refusal
            else:
                return
        raise AssertionError(f"nobody can go on from {self.audit.state}: {refused}")

    def names_successors(self) -> None:
        for one in duties_of(self.audit, self.world.store.directory()):
            if one.duty in SPARE and not one.is_held and self.case.is_named:
                self.anybody(lambda context, who, one=one: self._name(context, who, one.duty, one.action))

    def _name(self, context: Any, who: Person, duty: str, action: int | None) -> None:
        email = f"{SPARE[duty]}@demo.example"
        if duty == "auditor":
            assignments.allocate(context, who, self.reference, email)
        elif duty == "moderator":
            assignments.assign_moderator(context, who, self.reference, email)
        elif action:
            successions.name_owner(context, who, self.reference, action, email, "Gone.")
        else:
            successions.name_person(context, who, self.reference, duty, email, "Gone.")

    def consults(self) -> None:
        self.writes("consultation", {"spoke_to": "Priya Nair"})
        self.corrects()
        self.anybody(lambda context, who: audit_moves.record_consultation(context, who, self.reference))

    def grades(self) -> None:
        for section, given in answers(self.case.grade).items():
            if section in {*GRADED, "summary", "declaration"}:
                self.writes(section, given)
        self.corrects()
        self.anybody(lambda context, who: audit_moves.grade(context, who, self.reference))

    def shares(self) -> None:
        self.writes("declaration", {"no_conflict": True})
        self.corrects()
        self.anybody(lambda context, who: audit_moves.share(context, who, self.reference))

    def corrects(self) -> None:
        """The auditor chooses others in place of those who are gone."""
        gone = [role for role in CASE_ROLES if NAMES[role] == NAMES[self.case.duty]]
        if gone and self.case.state in UNWRITTEN:
            self.writes("details", {**DETAILS, **{role: f"{SPARE[role]}@demo.example" for role in gone}})
        new = NewAction("Book the visit.", "practitioner2@demo.example", "2026-12-20")
        if not self.audit.actions:
            self.anybody(lambda context, who: actions.add_action(context, who, self.reference, new))
        elif NAMES[self.case.duty] == "practitioner":
            self.anybody(lambda context, who: actions.change_action(context, who, self.reference, 1, new))

    def writes(self, section: str, given: Any) -> None:
        auditor = self.world.store.directory().people[self.audit.auditor_id]
        name = auditor.email.partition("@")[0]
        save(self.world, name, self.reference, section, given)

    def moderates(self) -> None:
        moderators = ["moderator@demo.example", "moderator2@demo.example"]
        for email in moderators:
            if self.audit.moderator_id is None:
                try:
                    self.anybody(lambda context, who, email=email: assignments.assign_moderator(context, who, self.reference, email))
                except AssertionError:
                    assert email != moderators[-1]
        self.anybody(self._judges)

    def _judges(self, context: Any, who: Person) -> None:
        given = {"grade": self.case.grade, **FOURTEENTH}
        drafting.save_section(context, who, self.reference, "moderation", given, self.audit.version)
        audit_moves.moderate(self.world.command_context(), who, self.reference)

    def resolves(self) -> None:
        while self.audit.escalation_state == "open":
            self.anybody(lambda context, who: escalations.acknowledge(context, who, self.reference))
        if self.audit.escalation_state == "acknowledged":
            self.anybody(lambda context, who: escalations.plan(context, who, self.reference, "Daily oversight."))
            self.anybody(lambda context, who: escalations.resolve(context, who, self.reference, "It is carried out."))


def _duty(case: Case, who: Person) -> Duty:
    return next(one for one in who.duties if one.role == (case.duty if case.duty != "owner" else "practitioner") and not one.is_deputy)


def _import(world: World, line: bulk_import.Line) -> None:
    plan = bulk_import.import_people(world.command_context(), (line,))
    assert not plan.refusals, plan.refusals


def _number_of_notices(world: World) -> int:
    with read_transaction(world.store.engine) as connection:
        return int(connection.execute(select(func.coalesce(func.max(tables.notices.c.id), 0))).scalar_one())
