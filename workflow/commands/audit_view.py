"""What one person may see of one audit. Every page, answer and export shows this and nothing else.

What `see` answers holds not a word of the case: the words are handed out by `opened`, once it is committed who reads them.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from workflow import audit as audit_changes
from workflow.commands.actions import may_see_action
from workflow.commands.available_moves import AvailableMove, available_moves, may
from workflow.commands.context import CommandContext, get_visible_audit
from workflow.commands.redaction import wordless, wordless_action
from workflow.directory import Person
from workflow.errors import PermissionDenied
from workflow.history import Row
from workflow.models import Answers, Audit, Escalation, SmartAction
from workflow.ports import ReadLogEntry
from workflow.state_machine import moves_from
from workflow.workflow_config import history_verb


class Viewable(Protocol):
    """What of an audit, or of the last of the same child, tells which words were shown."""

    @property
    def reference(self) -> str: ...

    @property
    def edition(self) -> int: ...

    @property
    def version(self) -> int: ...


PERMITTED = (
    "write_audit",
    "write_moderation",
    "add_action",
    "add_further_action",
    "allocate",
    "assign_moderator",
    "read_readings",
    "record_safeguarding",
)


@dataclass(frozen=True, slots=True)
class ReadLocation:
    """Where words are shown: `door` is page, json or export, `what` the endpoint with its section or action."""

    door: str
    what: str


@dataclass(frozen=True, slots=True)
class AuditView:
    """`overall_grade` is None and `escalation_state` "" where this person may not know them yet."""

    who: Person
    audit: Audit
    ties: frozenset[str]
    sees_names: bool
    sections: Mapping[str, Answers]
    actions: tuple[SmartAction, ...]
    sees_escalation: bool
    overall_grade: str | None
    available_moves: tuple[AvailableMove, ...]
    may: tuple[str, ...]
    reads_history: bool
    _whole: "AuditView | None" = field(default=None, repr=False, compare=False)

    def reveal(
        self, context: CommandContext, place: ReadLocation, beside: "Callable[[AuditView], Sequence[ReadLogEntry]]" = lambda _: ()
    ) -> "AuditView":
        """With its words, once it is noted that they are shown; raises ReadLogUnavailable. Where there are none to show, nothing is noted.

        `beside` are the readings of what is shown with it, in the same commit.
        """
        if self._whole is None or not self.holds_words:
            return self
        context.store.note([reading(context, self.who, self.audit, place), *beside(self._whole)])
        return self._whole

    @property
    def holds_words(self) -> bool:
        return bool(self.sections or self.actions or self.escalation)

    @property
    def escalation_state(self) -> str:
        return self.audit.escalation_state if self.sees_escalation else ""

    @property
    def escalation(self) -> Escalation | None:
        return self.audit.escalation if self.sees_escalation else None

    @property
    def reads_audit(self) -> bool:
        return bool(self.sections)


def see(context: CommandContext, who: Person, reference: str) -> AuditView:
    """Raises NotFound alike for what is not there and for what this person may not know of."""
    audit, ties = get_visible_audit(context, who, reference)
    return seen_by(context, who, audit, ties)


def seen_by(context: CommandContext, who: Person, audit: Audit, ties: frozenset[str]) -> AuditView:
    whole = view_without_logging(context, who, audit, ties)
    return replace(
        whole,
        audit=wordless(audit),
        sections={key: {} for key in whole.sections},
        actions=tuple(wordless_action(action) for action in whole.actions),
        overall_grade=None,
        _whole=whole,
    )


def view_without_logging(context: CommandContext, who: Person, audit: Audit, ties: frozenset[str]) -> AuditView:
    """With its words, and not for showing: for the answer that is kept with a command, and noted when it is sent."""
    sees_grade = context.permissions.allow("read_overall_grade", audit, ties)
    made = available_moves(context, who, audit, ties)
    return AuditView(
        who=who,
        audit=audit,
        ties=ties,
        sees_names=context.permissions.allow("see_state_and_names", audit, ties),
        sections=_sections(context, audit, ties, sees_grade=sees_grade),
        actions=tuple(action for action in audit.actions if may_see_action(context, who, audit, ties, action)),
        sees_escalation=sees_grade or "recipient" in ties,
        overall_grade=audit.overall_grade if sees_grade else None,
        available_moves=made,
        may=(*(offer.move.name for offer in made), *_permitted(context, audit, ties), *escalation_moves(context, audit, ties)),
        reads_history=context.permissions.allow("read_history", audit, ties),
    )


def reading(context: CommandContext, who: Person, shown: Viewable, place: ReadLocation) -> ReadLogEntry:
    let_in_by = context.directory.emergencies.get(who.id, {}).get(shown.reference)
    return ReadLogEntry(who.id, who.name, shown.reference, shown.edition, shown.version, place.door, place.what, context.now, let_in_by)


def history_seen(context: CommandContext, seen: AuditView, place: ReadLocation) -> tuple[tuple[Row, str | None], ...]:
    """Each row, with its reason in words for who reads the audit; raises PermissionDenied, ReadLogUnavailable."""
    if not seen.reads_history:
        raise PermissionDenied("The history of this audit is not yours to read now.")
    if not seen.reads_audit:
        return tuple((row, None) for row in context.store.history(seen.audit))
    told = context.store.history_and_reasons(seen.audit)
    if any(reason for _, reason in told):
        context.store.note([reading(context, seen.who, seen.audit, place)])
    return told


def escalation_moves(context: CommandContext, audit: Audit, ties: frozenset[str]) -> tuple[str, ...]:
    """The escalation’s moves that are this person’s from here, as `acknowledge_escalation` and so on."""
    track = context.rules.escalation
    names = (name for name in moves_from(track, audit.escalation_state) if may(context, audit, ties, track.moves[name]))
    if not audit.was_shared or not context.permissions.allow("know", audit, ties):
        return ()
    return tuple(history_verb("escalation", name) for name in names)


def action_moves(context: CommandContext, who: Person, seen: AuditView, action: SmartAction) -> tuple[str, ...]:
    """The moves of one action that are this person’s from here."""
    if not action.is_live or seen.audit.state not in {"shared", "moderated"}:
        return ()
    mine = seen.ties if action.owner_id == who.id else seen.ties - {"owner"}
    track = context.rules.action
    return tuple(name for name in moves_from(track, action.state) if may(context, seen.audit, mine, track.moves[name], action))


def _permitted(context: CommandContext, audit: Audit, ties: frozenset[str]) -> tuple[str, ...]:
    return tuple(right for right in PERMITTED if context.permissions.allow(right, audit, ties))


def _sections(context: CommandContext, audit: Audit, ties: frozenset[str], *, sees_grade: bool) -> dict[str, Answers]:
    form = context.form_of(audit)
    shown: dict[str, Answers] = {}
    reads = {
        part: context.permissions.allow(right, audit, ties) for part, right in (("audit", "read_audit"), ("moderation", "read_moderation"))
    }
    source = _source(context, audit, ties) if any(reads.values()) else {}
    for section in form.sections:
        if reads[section.part] and section.fields:
            shown[section.key] = source.get(section.key, {})
    if shown and not sees_grade:
        shown[form.overall.key] = {**shown.get(form.overall.key, {}), "grade": None}
    return shown


def _source(context: CommandContext, audit: Audit, ties: frozenset[str]) -> Mapping[str, Answers]:
    """The working copy for its auditor, and while it is what was shared; otherwise what was sealed."""
    if "auditor" in ties or audit_changes.shows_working_copy(audit):
        return audit.sections
    seals = context.store.seals(audit)
    parts = (audit_changes.latest(seals, part) for part in (audit_changes.SHARED_PART, audit_changes.MODERATED_PART))
    merged: dict[str, Answers] = {}
    for seal in parts:
        merged |= json.loads(seal.content)["sections"] if seal else {}
    return merged
