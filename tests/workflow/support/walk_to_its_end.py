"""An audit walked to its end each step by anybody who may make it."""

from collections.abc import Callable
from typing import Any

from tests.factories import DETAILS, FOURTEENTH, GRADED, World, answers, save
from workflow.commands import action_moves, actions, assignments, audit_moves, drafting, escalations, successions
from workflow.commands.actions import NewAction
from workflow.directory import Person
from workflow.duty_holders import duties_of
from workflow.errors import Refusal
from workflow.models import Audit
from workflow.roles import CASE_ROLES

NAMES = {
    "auditor": "auditor", "practitioner": "practitioner", "team_manager": "team.manager", "service_manager": "service.manager", "qaro": "qaro",
    "moderator": "moderator", "owner": "practitioner", "head_of_service": "head.of.service", "director": "director.safeguarding", "hos_ppqa": "hos.ppqa",
    "qa": "qa",
}  # fmt: skip
SPARE = {
    "auditor": "auditor2", "practitioner": "practitioner2", "team_manager": "team.manager2", "service_manager": "team.manager2",
    "qaro": "team.manager2", "moderator": "moderator2", "owner": "practitioner2",
}  # fmt: skip


class Walk:
    """To its end, each step by anybody who may make it."""

    def __init__(self, world: World, reference: str, gone: str, grade: str, *, names_successors: bool) -> None:
        self.world, self.reference, self.gone, self.is_named = world, reference, gone, names_successors
        self.grade, self.is_unwritten = grade, self.audit.is_before_sharing

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
            if one.duty in SPARE and not one.is_held and self.is_named:
                self.anybody(lambda context, who, one=one: self._name(context, who, one.duty, one.action))

    def _name(self, context: Any, who: Person, duty: str, action: int | None) -> None:
        self._give(context, who, duty, action, f"{SPARE[duty]}@demo.example")

    def _give(self, context: Any, who: Person, duty: str, action: int | None, email: str) -> None:
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
        for section, given in answers(self.grade).items():
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
        gone = [role for role in CASE_ROLES if NAMES[role] == NAMES[self.gone]]
        if gone and self.is_unwritten:
            self.writes("details", {**DETAILS, **{role: f"{SPARE[role]}@demo.example" for role in gone}})
        new = NewAction("Book the visit.", "practitioner2@demo.example", "2026-12-20")
        if not self.audit.actions:
            self.anybody(lambda context, who: actions.add_action(context, who, self.reference, new))
        elif NAMES[self.gone] == "practitioner":
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
        given = {"grade": self.grade, **FOURTEENTH}
        drafting.save_section(context, who, self.reference, "moderation", given, self.audit.version)
        audit_moves.moderate(self.world.command_context(), who, self.reference)

    def resolves(self) -> None:
        while self.audit.escalation_state == "open":
            self.anybody(lambda context, who: escalations.acknowledge(context, who, self.reference))
        if self.audit.escalation_state == "acknowledged":
            self.anybody(lambda context, who: escalations.plan(context, who, self.reference, "Daily oversight."))
            self.anybody(lambda context, who: escalations.resolve(context, who, self.reference, "It is carried out."))
