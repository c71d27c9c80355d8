"""Every duty × every way its holder vanishes × every state: the right people are told at once, and the audit still reaches its end."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.factories import AN_ACTION, World, a_council, a_world, an_audit, assign
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance, cover
from tests.workflow.support.walk_to_its_end import NAMES, SPARE, Walk
from web.cli.verify_history import find_first_break
from web.council import Council
from workflow.commands import actions
from workflow.commands.directory import bulk_import, connections, people, roles
from workflow.directory import Duty, Person
from workflow.duty_holders import duties_of
from workflow.errors import Refusal
from workflow.role_assignments import format_duty
from workflow.storage import tables
from workflow.storage.engine import read_transaction

POSTS = ("head_of_service", "director", "hos_ppqa")
UNSHARED, SHARED = ("draft", "practitioner_consulted", "graded"), ("shared", "moderated")
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
        by_state = {"auditor": self.state in UNSHARED, "moderator": self.state == "shared", "practitioner": False, "qa": False}
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
    for duty, way, state, grade, named in product(NAMES, WAYS, (*UNSHARED, *SHARED), ("good", "inadequate"), (True, False)):
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
    Walk(world, reference, case.duty, case.grade, names_successors=case.is_named).to_its_end()
    assert find_first_break(council, [reference]) == ""


def _ensure_told(world: World, reference: str, case: Case, before: int) -> None:
    with read_transaction(world.store.engine) as connection:
        rows = connection.execute(select(tables.notices).where(tables.notices.c.id > before)).all()
    assert {row.event for row in rows if row.reference == reference} & TOLD[case.duty], [tuple(row) for row in rows]
    found = [one for one in duties_of(world.audit(reference), world.store.directory()) if one.duty == case.duty]
    assert found
    assert all(one.answers and not one.is_held for one in found)


def _duty(case: Case, who: Person) -> Duty:
    return next(one for one in who.duties if one.role == (case.duty if case.duty != "owner" else "practitioner") and not one.is_deputy)


def _import(world: World, line: bulk_import.Line) -> None:
    plan = bulk_import.import_people(world.command_context(), (line,))
    assert not plan.refusals, plan.refusals


def _number_of_notices(world: World) -> int:
    with read_transaction(world.store.engine) as connection:
        return int(connection.execute(select(func.coalesce(func.max(tables.notices.c.id), 0))).scalar_one())
