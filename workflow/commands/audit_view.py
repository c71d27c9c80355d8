"""What one person may see of one audit. Every page, answer and export shows this and nothing else.

What `see` returns holds no case text: `AuditView.reveal` returns the text, once the read log entry is committed.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from workflow.blindness import is_blind
from workflow.commands.actions import may_see_action
from workflow.commands.available_moves import AvailableMove, available_moves, make_guard_context, may_make
from workflow.commands.context import CommandContext, get_visible_audit
from workflow.commands.judgements import SealedJudgement, sealed_judgements
from workflow.commands.redaction import remove_action_text, remove_text
from workflow.commands.sealed_text import SealedText, reads_working_copy, sealed_text
from workflow.directory import Person
from workflow.errors import PermissionDenied
from workflow.forms import Form
from workflow.guards import what_is_missing
from workflow.guards.context import GuardContext
from workflow.history import Row, digest
from workflow.models import Answers, Audit, Escalation, Seal, SmartAction
from workflow.ports import ReadLogEntry
from workflow.state_machine import moves_from
from workflow.workflow_config import Move, Track, history_verb


class Viewable(Protocol):
    """What identifies the case text that was shown: an audit, or the last audit of the same child."""

    @property
    def reference(self) -> str: ...

    @property
    def edition(self) -> int: ...

    @property
    def version(self) -> int: ...


READ_BY = {"audit": "read_audit", "moderation": "read_moderation"}
"""The right by which each part of the form is read."""
PERMITTED = (
    "write_audit",
    "write_moderation",
    "add_action",
    "add_further_action",
    "allocate",
    "assign_moderator",
    "name_successor",
    "read_readings",
    "record_safeguarding",
)


@dataclass(frozen=True, slots=True)
class ReadLocation:
    """Where case text is shown: the interface is page, json or export; `what` is the endpoint with its section or action."""

    interface: str
    what: str


@dataclass(frozen=True, slots=True)
class AuditView:
    """`overall_grade` is None and `escalation_state` is "" where this person may not know them yet.

    `sealed` is what they read where it is not the present edition: an audit that is being corrected, or was withdrawn.
    """

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
    version_shown: int
    judgements: tuple[SealedJudgement, ...] = ()
    """Each as its moderator first saved it complete."""
    sealed: SealedText | None = None
    seals: tuple[Seal, ...] | None = field(default=None, repr=False, compare=False)
    """None where none was needed."""
    _full: "AuditView | None" = field(default=None, repr=False, compare=False)

    def reveal(
        self, context: CommandContext, place: ReadLocation, beside: "Callable[[AuditView], Sequence[ReadLogEntry]]" = lambda _: ()
    ) -> "AuditView":
        """Return the view with its text, once it is logged who reads it; raises ReadLogUnavailable. A view without text is not logged.

        `beside` makes the log entries of what is shown with it, for the same commit.
        """
        if self._full is None or not self.holds_text:
            return self
        context.store.log_readings([make_log_entry(context, self.who, self.read_text, place), *beside(self._full)])
        return self._full

    @property
    def read_text(self) -> Viewable:
        """What the read log says was read: the edition whose text is shown."""
        return replace(self.audit, edition=self.sealed.edition) if self.sealed else self.audit

    @property
    def holds_text(self) -> bool:
        return bool(self.sections or self.actions or self.escalation)

    def section_version(self, key: str) -> int:
        """What a save of the section compares: see `shown_versions`."""
        whole = self._full or self
        return _number_made_from(whole.sections.get(key)) if is_blind(self.who, self.audit) else self.audit.version

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
    """Raise NotFound both for an audit that does not exist and for one that this person may not know about."""
    audit, ties = get_visible_audit(context, who, reference)
    return build_redacted_view(context, who, audit, ties)


def build_redacted_view(context: CommandContext, who: Person, audit: Audit, ties: frozenset[str]) -> AuditView:
    whole = view_without_logging(context, who, audit, ties)
    return replace(
        whole,
        audit=remove_text(audit),
        sections={key: {} for key in whole.sections},
        actions=tuple(remove_action_text(action) for action in whole.actions),
        overall_grade=None,
        judgements=(),
        sealed=replace(whole.sealed, sections={}) if whole.sealed else None,
        seals=None,
        _full=whole,
    )


def view_without_logging(context: CommandContext, who: Person, audit: Audit, ties: frozenset[str]) -> AuditView:
    """With its text and not logged: for the answer that is stored with a command, and logged when it is sent."""
    sees_grade = context.permissions.allow("read_overall_grade", audit, ties)
    made = available_moves(context, who, audit, ties)
    reads = frozenset(part for part, right in READ_BY.items() if context.permissions.allow(right, audit, ties))
    reads_seal = bool(reads) and not reads_working_copy(audit, ties)
    reads_judgements = sees_grade and "moderation" in reads and audit.judged_by is not None
    seals = context.store.seals(audit) if reads_seal or reads_judgements else None
    sealed = sealed_text(seals) if seals and reads_seal else None
    written = audit.sections if reads_working_copy(audit, ties) else sealed.sections if sealed else {}
    sections = _sections(context.form_of(audit), reads, written, sees_grade=sees_grade)
    actions = tuple(action for action in audit.actions if may_see_action(context, who, audit, ties, action))
    return AuditView(
        who=who,
        audit=audit,
        ties=ties,
        sees_names=context.permissions.allow("see_state_and_names", audit, ties),
        sections=sections,
        actions=actions,
        sees_escalation=sees_grade or "recipient" in ties,
        overall_grade=audit.overall_grade if sees_grade else None,
        available_moves=made,
        may=(*(offer.move.name for offer in made), *_permitted(context, audit, ties), *escalation_moves(context, who, audit, ties)),
        reads_history=context.permissions.allow("read_history", audit, ties),
        version_shown=_number_made_from([sections, *map(_shown, actions)]) if is_blind(who, audit) else audit.version,
        judgements=sealed_judgements(audit, seals) if seals and reads_judgements else (),
        sealed=sealed,
        seals=seals,
    )


def _number_made_from(shown: object) -> int:
    """Nine digits at most, as a version has."""
    return int(digest(json.dumps(shown, default=str, sort_keys=True))[:12], 16) % 10**9


def _shown(action: SmartAction) -> tuple[object, ...]:
    """Without who reported or verified it, which depends on whether the audit is escalated."""
    return action.number, action.state, action.text, action.owner_id, action.due_on, action.asked_due_on, action.progress, action.evidence


def make_log_entry(context: CommandContext, who: Person, shown: Viewable, place: ReadLocation) -> ReadLogEntry:
    let_in_by = context.directory.emergencies.get(who.id, {}).get(shown.reference)
    return ReadLogEntry(
        who.id, who.name, shown.reference, shown.edition, shown.version, place.interface, place.what, context.now, let_in_by
    )


def log_and_read_history(context: CommandContext, seen: AuditView, place: ReadLocation) -> tuple[tuple[Row, str | None], ...]:
    """Each row, with its reason for people who may read the audit; raises PermissionDenied, ReadLogUnavailable."""
    if not seen.reads_history:
        raise PermissionDenied("You can’t read the history of this audit now.")
    if not seen.reads_audit:
        return tuple((row, None) for row in context.store.history(seen.audit))
    told = context.store.history_and_reasons(seen.audit)
    if any(reason for _, reason in told):
        context.store.log_readings([make_log_entry(context, seen.who, seen.read_text, place)])
    return told


def escalation_moves(context: CommandContext, who: Person, audit: Audit, ties: frozenset[str]) -> tuple[str, ...]:
    """The moves of the escalation that this person may make now, as `acknowledge_escalation` and so on."""
    if not audit.was_shared or not context.permissions.allow("know", audit, ties):
        return ()
    track, s = context.rules.escalation, make_guard_context(context, who, audit)
    return tuple(history_verb("escalation", move.name) for move in _offered(context, track, audit.escalation_state, s, ties))


def action_moves(context: CommandContext, who: Person, seen: AuditView, action: SmartAction) -> tuple[str, ...]:
    """The moves of one action that this person may make now."""
    if not action.is_live or seen.audit.state not in {"shared", "moderated"}:
        return ()
    mine = seen.ties if action.owner_id == who.id else seen.ties - {"owner"}
    s = make_guard_context(context, who, seen.audit, action=action)
    return tuple(move.name for move in _offered(context, context.rules.action, action.state, s, mine))


def _offered(context: CommandContext, track: Track, state: str, s: GuardContext, ties: frozenset[str]) -> Iterator[Move]:
    for move in (track.moves[name] for name in moves_from(track, state)):
        if may_make(context, s.audit, ties, move, s.action) and not what_is_missing(move.offered_where, s):
            yield move


def _permitted(context: CommandContext, audit: Audit, ties: frozenset[str]) -> tuple[str, ...]:
    return tuple(right for right in PERMITTED if context.permissions.allow(right, audit, ties))


def _sections(form: Form, reads: frozenset[str], written: Mapping[str, Answers], *, sees_grade: bool) -> dict[str, Answers]:
    shown = {section.key: written.get(section.key, {}) for section in form.sections if section.part in reads and section.fields}
    if shown and not sees_grade:
        shown[form.overall.key] = {**shown.get(form.overall.key, {}), "grade": None}
    return shown
