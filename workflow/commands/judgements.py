"""The moderator’s own judgement: sealed as it was when it was first complete, before they are shown the overall grade."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from workflow.audit import JUDGEMENT_PART
from workflow.blindness import judges_blind
from workflow.commands.available_moves import make_guard_context
from workflow.commands.context import CommandContext, UnitOfWork
from workflow.commands.snapshots import sealed_judgement
from workflow.directory import Person
from workflow.errors import PermissionDenied
from workflow.guards import what_is_missing
from workflow.models import Answers, Audit, Seal
from workflow.retelling import retell

OF_ONE_ACTION = ("actions.", "api_actions.")
"""What the read log calls a page that shows one action, and no grade."""


@dataclass(frozen=True, slots=True)
class SealedJudgement:
    """`is_blind` is False where its moderator had seen the overall grade before."""

    by_id: int
    by_name: str
    """As it was then."""
    at: datetime
    is_blind: bool
    answers: Answers

    def has_changed(self, since: Answers) -> bool:
        return dict(self.answers) != dict(since)


def seal_first_judgement(work: UnitOfWork) -> None:
    """Seal what has just been saved, if it is complete and the first of its moderator; raises PermissionDenied if they may not moderate."""
    context, who, audit = work.context, work.who, work.audit
    situation = make_guard_context(context, who, audit)
    if audit.is_judged or what_is_missing(("moderation_is_recorded",), situation):
        return
    if conflicts := what_is_missing(("moderator_is_independent",), situation):
        raise PermissionDenied(conflicts[0].message)
    after, part = replace(audit, judged_by=who.id), f"{JUDGEMENT_PART} {audit.chain.count + 1}"
    sealed = work.seal(part, sealed_judgement(context, after, is_blind=not _had_seen_grade(context, who, audit)))
    work.record_transition(after, "judge", facts={"edition": after.edition, "sealed": sealed, "part": part})


def sealed_judgements(audit: Audit, seals: tuple[Seal, ...]) -> tuple[SealedJudgement, ...]:
    """Those of this edition, the first one first."""
    own = [seal for seal in seals if seal.edition == audit.edition and seal.part.startswith(f"{JUDGEMENT_PART} ")]
    return tuple(_judgement(seal) for seal in sorted(own, key=lambda seal: seal.at))


def _judgement(seal: Seal) -> SealedJudgement:
    content = json.loads(seal.content)
    return SealedJudgement(seal.by_id, content["names"][str(seal.by_id)], seal.at, content["is_blind"], content["sections"]["moderation"])


def _had_seen_grade(context: CommandContext, who: Person, audit: Audit) -> bool:
    """Whether the read log holds that, or an escalation of the audit was sent to them."""
    told = audit.escalation is not None and any(one.person_id == who.id for one in audit.escalation.recipients)
    return told or any(_readings_of_grade(context, who, audit))


def _readings_of_grade(context: CommandContext, who: Person, audit: Audit) -> Iterator[datetime]:
    rows = context.store.history(audit)
    for reading in context.store.readings(audit.reference, who.id):
        so_far = retell((row for row in rows if row.entry.at <= reading.at), context.rules)
        if not judges_blind(who.id, so_far) and not reading.what.startswith(OF_ONE_ACTION):
            yield reading.at
