"""An audit walked to its end while people vanish before its steps, and others are named or given their posts."""

from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

from notifications.reminders.alerts import is_stalled
from tests.factories import RULES, World, save
from tests.workflow.support.walk_to_its_end import Walk
from workflow.commands import actions
from workflow.commands.actions import NewAction
from workflow.commands.directory import bulk_import, connections
from workflow.directory import Duty, Person
from workflow.duty_holders import duties_of, why_not_able
from workflow.errors import PermissionDenied, Refusal
from workflow.role_assignments import format_duty
from workflow.roles import CASE_ROLES

OFTEN, MOST_GONE, SPARES = 0.3, 8, 3
ROLES = ("auditor", "moderator", *CASE_ROLES, "qa")
POSTS = (Duty("head_of_service", "assessment"), Duty("director", "safeguarding"), Duty("hos_ppqa"))
DUE = "2026-12-20"


class Stalled(Exception):
    """Nobody can go on, and the QA Service is notified of it."""


def add_spare_people(world: World) -> None:
    lines = [(f"{role}.spare{n}", role) for role in ROLES for n in range(SPARES)]
    _import(world, *(bulk_import.Line(at, f"{name}@demo.example", name, role) for at, (name, role) in enumerate(lines)))


def _import(world: World, *lines: bulk_import.Line) -> None:
    plan = bulk_import.import_people(world.command_context(), lines)
    assert not plan.refusals, plan.refusals


class VanishingWalk(Walk):
    def __init__(self, world: World, reference: str, by_chance: Random) -> None:
        audit = world.audit(reference)
        super().__init__(
            world, reference, "qa", str(audit.overall_grade or audit.answer("area_12", "grade") or "good"), names_successors=True
        )
        self.by_chance, self.is_mending = by_chance, False
        self.gone_people: list[tuple[str, str]] = []

    def vanished(self, email: str, way: str) -> None:
        """Called after each."""

    def ends_or_stalls(self) -> bool:
        """Whether it ended; otherwise it stalls, and the QA Service is notified of it."""
        try:
            self.to_its_end()
        except Stalled:
            return False
        return True

    def anybody(self, step: Callable[..., Any]) -> None:
        if not self.is_mending:
            self.is_mending = True
            self._somebody_may_vanish()
            self._mend()
            self.is_mending = False
        try:
            super().anybody(step)
        except AssertionError:
            if is_stalled(self.audit, RULES, self.world.store.directory()):
                raise Stalled from None
            raise

    def _somebody_may_vanish(self) -> None:
        if self.by_chance.random() > OFTEN or len(self.gone_people) >= MOST_GONE:
            return
        directory = self.world.store.directory()
        about = {person.id: person for one in duties_of(self.audit, directory) for person in one.answers}
        about |= {person.id: person for duty in (*POSTS, Duty("qa")) for person in directory.holding(duty)}
        who = self.by_chance.choice([about[person_id] for person_id in sorted(about)])
        way = self.by_chance.choice(sorted(WAYS))
        WAYS[way](self.world, who)
        self.gone_people.append((who.email, way))
        self.vanished(who.email, way)

    def _mend(self) -> None:
        """Vacant posts are mostly given to somebody, successors named, and before sharing the auditor chooses others."""
        for post in POSTS:
            if not self.world.store.directory().holding(post) and self.by_chance.random() < 0.7:
                name = f"post.{len(self.gone_people)}.{post.role.replace('_', '.')}"
                _import(self.world, bulk_import.Line(2, f"{name}@demo.example", name, format_duty(post)))
        self.names_successors()
        if self.audit.is_before_sharing:
            self.corrects()

    def _name(self, context: Any, who: Person, duty: str, action: int | None) -> None:
        """Anybody who may be named."""
        for person in self._able("practitioner" if duty == "owner" else duty):
            with suppress(Refusal):
                return self._give(context, who, duty, action, person.email)
        raise PermissionDenied("Nobody can be named.")

    def corrects(self) -> None:
        directory, audit = self.world.store.directory(), self.audit
        auditor = directory.people[audit.auditor_id]
        if why_not_able(auditor, "auditor", audit, directory):
            return
        named = {role: directory.person(audit.answer("details", role)) for role in CASE_ROLES}
        chosen = {
            role: self._able(role)[0].email if why_not_able(one, role, audit, directory) or one == auditor else one.email
            for role, one in named.items()
        }
        if chosen != {role: one.email if one else None for role, one in named.items()}:
            details = {key: value for key, value in audit.sections["details"].items() if key not in CASE_ROLES}
            save(self.world, auditor.email.partition("@")[0], self.reference, "details", {**details, **chosen})
        if self.audit.answer("declaration", "no_conflict") is None:
            # Another auditor makes the declaration again.
            save(self.world, auditor.email.partition("@")[0], self.reference, "declaration", {"no_conflict": True})
        self._chooses_owners(auditor)

    def _chooses_owners(self, auditor: Person) -> None:
        directory = self.world.store.directory()
        new = NewAction("Book the visit.", self._able("practitioner")[0].email, DUE)
        if not self.audit.actions:
            actions.add_action(self.world.command_context(), auditor, self.reference, new)
        for action in self.audit.actions:
            if not action.is_live and why_not_able(directory.person(action.owner_id), "owner", self.audit, directory):
                actions.change_action(self.world.command_context(), auditor, self.reference, action.number, new)

    def _able(self, role: str) -> list[Person]:
        directory, audit = self.world.store.directory(), self.audit
        apart = {audit.auditor_id, audit.moderator_id} - {None}
        return [one for one in directory.people.values() if not why_not_able(one, role, audit, directory) and one.id not in apart]


def _leaves(world: World, who: Person) -> None:
    _import(world, bulk_import.Line(2, who.email, who.name, active="no"))


def _loses_every_role(world: World, who: Person) -> None:
    _import(world, bulk_import.Line(2, who.email, who.name, roles=""))


def _is_connected(world: World, who: Person) -> None:
    connections.declare_connection(world.command_context(), who, "C-1001")


WAYS: dict[str, Callable[[World, Person], None]] = {
    "is imported as gone": _leaves, "loses every role": _loses_every_role, "is connected": _is_connected,
}  # fmt: skip
