"""The ways in which somebody comes to lose their right to an audit, each as the people do it who can."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.factories import TODAY, World, an_audit, assign
from tests.web.support.roles import now_holds
from web.council import Council
from workflow.commands import assignments, audit_moves, emergency_access, successions
from workflow.commands.directory import bulk_import, connections, delegations, people, roles, units
from workflow.directory import Duty
from workflow.role_assignments import Unit

MINUTES = 16
"""Longer than access in an emergency lasts."""


@dataclass
class Scene:
    council: Council
    world: World
    reference: str = ""

    def by(self, name: str) -> tuple[Any, Any]:
        """For a command: its context and who gives it."""
        return self.world.command_context(), self.world.person(name)

    def id_of(self, name: str) -> int:
        return self.world.person(name).id


@dataclass(frozen=True)
class Loss:
    """`who` knows of an audit at this state, once `prepare` is done, and no longer after `lose`."""

    who: str
    lose: Callable[[Scene], object]
    at: str = "shared"
    prepare: Callable[[Scene], object] = lambda scene: None
    before: Callable[[Scene], object] = lambda scene: None
    """Done before there is an audit."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """What they send under an Idempotency-Key before: method, path and body."""
    is_emergency: bool = False
    """They asked for this audit by its reference, so that they may go on seeing that they did."""

    def begin(self, scene: Scene) -> None:
        self.before(scene)
        scene.reference = an_audit(scene.world, at=self.at)
        self.prepare(scene)


def _delegates(scene: Scene) -> None:
    duty, days = Duty("team_manager"), (TODAY.isoformat(), TODAY.isoformat())
    given = delegations.delegate(*scene.by("team.manager"), scene.id_of("team.manager"), scene.id_of("practitioner2"), duty, days)
    assert given == "given"


def _lets_in(scene: Scene) -> None:
    emergency_access.ask_to_read_in_emergency(*scene.by("auditor2"), scene.reference, "A neighbour rang.")
    emergency_access.let_in(*scene.by("hos.ppqa"), 1)


def _withdraws(scene: Scene) -> None:
    for name in ("qa", "hos.ppqa"):
        audit_moves.withdraw(*scene.by(name), scene.reference, "Wrong child.")


def _post_passes(scene: Scene) -> None:
    duty = Duty("head_of_service", "assessment")
    roles.take_role(*scene.by("admin"), scene.id_of("head.of.service"), duty)
    now_holds(scene.council, "practitioner2", "head_of_service:assessment")


def _owner(name: str) -> Callable[[Scene], object]:
    return lambda scene: successions.name_owner(*scene.by("qa"), scene.reference, 1, f"{name}@demo.example", "They are away.")


def _qaro_is_replaced(scene: Scene) -> None:
    now_holds(scene.council, "practitioner2", "qaro")
    successions.name_person(*scene.by("qa"), scene.reference, "qaro", "practitioner2@demo.example", "They are away.")


def _is_imported(scene: Scene) -> None:
    line = bulk_import.Line(2, "service.manager@demo.example", "Sian Pritchard", roles="auditor")
    bulk_import.import_people(scene.world.command_context(), (line,))


PROGRESS = {"method": "PATCH", "path": "/actions/{}-1", "body": {"progress": "Rang the family.", "evidence": ""}}
REPORT = {"method": "POST", "path": "/actions/{}-1/moves", "body": {"move": "report"}}
JUDGEMENT = {"method": "PUT", "path": "/audits/{}/sections/moderation", "body": {"grade": "good", "evidence": "Read.", "impact": "Seen."}}
SUMMARY = {"method": "PUT", "path": "/audits/{}/sections/summary", "body": {"case_summary": "A family of three."}}
WAYS: Mapping[str, Loss] = {
    "leaves": Loss("qaro", lambda s: people.mark_as_left(*s.by("admin"), s.id_of("qaro"))),
    "role taken": Loss(
        "team.manager", lambda s: roles.take_role(*s.by("admin"), s.id_of("team.manager"), Duty("team_manager")), "moderated", changes=REPORT
    ),
    "delegation ended": Loss(
        "practitioner2", lambda s: delegations.end_delegation(*s.by("team.manager"), 1), "moderated", before=_delegates, changes=REPORT
    ),
    "delegation over": Loss("practitioner2", lambda s: s.world.passes(days=1), before=_delegates),
    "team moved": Loss(
        "head.of.service", lambda s: units.change_unit(*s.by("admin"), Unit("team", "assessment-east", "Assessment East", "care"))
    ),
    "post given to another": Loss("head.of.service", _post_passes),
    "connection declared": Loss(
        "practitioner", lambda s: connections.declare_connection(*s.by("practitioner"), "C-1001"), changes=PROGRESS
    ),
    "moderator replaced": Loss(
        "moderator",
        lambda s: assignments.assign_moderator(*s.by("qa"), s.reference, "moderator2@demo.example"),
        prepare=lambda s: assign(s.world, s.reference),
        changes=JUDGEMENT,
    ),
    "auditor replaced": Loss(
        "auditor",
        lambda s: assignments.allocate(*s.by("qa"), s.reference, "auditor2@demo.example"),
        at="practitioner_consulted",
        changes=SUMMARY,
    ),
    "owner replaced": Loss("practitioner2", _owner("practitioner"), prepare=_owner("practitioner2"), changes=PROGRESS),
    "named person replaced": Loss("qaro", _qaro_is_replaced),
    "imported without the role": Loss("service.manager", _is_imported),
    "emergency over": Loss("auditor2", lambda s: s.world.passes(minutes=MINUTES), prepare=_lets_in, is_emergency=True),
    "withdrawn in an emergency": Loss("auditor2", _withdraws, prepare=_lets_in, is_emergency=True),
}  # fmt: skip
