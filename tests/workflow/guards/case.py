"""For each guard: situations in which it holds, and situations in which it names what is missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

from tests.factories import World, a_fake_world, an_audit, assign
from workflow.commands import action_moves
from workflow.commands.available_moves import make_guard_context
from workflow.directory import Directory
from workflow.guards.context import GuardContext, MoveInput
from workflow.models import Audit, SmartAction

Missing = set[tuple[str, str]]


@dataclass
class Case:
    """An audit as it was moved to `at`, then read by a guard with some of its facts replaced."""

    guard: str
    missing: Missing
    at: str = "graded"
    grade: str = "good"
    who: str = "qa"
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    audit: Mapping[str, Any] = field(default_factory=dict)
    action: Mapping[str, Any] = field(default_factory=dict)
    given: MoveInput = field(default_factory=MoveInput)
    directory: Callable[[World], Directory] = lambda world: world.store.directory(world.now)
    actions: int = 1

    @cached_property
    def situation(self) -> GuardContext:
        world, audit = walked(self.at, self.grade)
        context = replace(world.command_context(), directory=self.directory(world))
        action = replace(audit.actions[0], **{name: _id(world, value) for name, value in self.action.items()})
        audit = replace(audit, actions=(action,) * self.actions, **{name: _id(world, value) for name, value in self.audit.items()})
        return make_guard_context(context, world.person(self.who), _answered(world, audit, self.answers), self.given, action)


@cache
def walked(at: str, grade: str) -> tuple[World, Audit]:
    """One audit a state and grade, moved there by its own people; what is read of it is never changed."""
    world = a_fake_world()
    reference = an_audit(world, at, grade=grade)
    if at == "shared":
        assign(world, reference)
    if at == "moderated":
        action_moves.report(
            world.command_context(), world.person("head.of.service" if grade == "inadequate" else "team.manager"), reference, 1
        )
    return world, world.audit(reference)


def _id(world: World, value: Any) -> Any:
    """The ID of a person written as @name, anything else as it is."""
    return world.person(value[1:]).id if isinstance(value, str) and value.startswith("@") else value


def _answered(world: World, audit: Audit, answers: Mapping[str, Mapping[str, Any]]) -> Audit:
    changed = {
        section: {**audit.sections.get(section, {}), **{name: _id(world, value) for name, value in given.items()}}
        for section, given in answers.items()
    }
    return replace(audit, sections={**audit.sections, **changed})


def left(*names: str) -> Callable[[World], Directory]:
    """The directory once these people have left."""

    def without(world: World) -> Directory:
        directory: Directory = world.store.directory(world.now)
        gone = {world.person(name).id for name in names}
        people = {one.id: replace(one, is_active=False) if one.id in gone else one for one in directory.people.values()}
        return replace(directory, people=people)

    return without


def connected(name: str) -> Callable[[World], Directory]:
    """The directory once this person has declared a connection to the child."""

    def declared(world: World) -> Directory:
        directory: Directory = world.store.directory(world.now)
        return replace(directory, connections={world.person(name).id: frozenset({"c1001"})})

    return declared


def a_new_action() -> tuple[SmartAction, ...]:
    return walked("graded", "good")[1].actions
