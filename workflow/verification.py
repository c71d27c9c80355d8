"""Whether what readers are shown of an audit is what its history and its seals say."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from workflow import audit as audit_changes
from workflow import content, history
from workflow.child_ids import child_key
from workflow.escalation import people_named
from workflow.history import Row
from workflow.models import Answers, Audit, Escalation, Header, Seal
from workflow.replay import replay
from workflow.retelling import Retelling, retell
from workflow.workflow_config import Rules

SEALED_BY = {"share": audit_changes.SHARED_PART, "moderate": audit_changes.MODERATED_PART}


@dataclass(frozen=True, slots=True)
class StoredAudit:
    """An audit read as pages read it, and what else is stored of it. `escalation_state` is what lists show, `child_key` what they find it by."""

    audit: Audit
    escalation_state: str
    child_key: str | None
    content_digest: str | None
    earlier_escalations: tuple[Escalation, ...]
    rows: tuple[Row, ...]
    remarks: Mapping[int, str]
    seals: tuple[Seal, ...]

    @property
    def facts(self) -> list[dict[str, object]]:
        return [json.loads(row.entry.facts) for row in self.rows]

    @property
    def was_saved_by_an_older_release(self) -> bool:
        """One that does not renew the digest: then what adds no row to the history was not compared.

        Either the last row is of such a release, or a section was saved after it.
        """
        at, _, _ = (self.content_digest or "0:").partition(":")
        is_older = at.isdecimal() and int(at) < self.audit.version
        return is_older and (
            content.FACT not in self.facts[-1] or (at != "0" and self.audit.version in self.audit.section_versions.values())
        )


def find_faults(stored: StoredAudit, versions: Sequence[Rules]) -> Iterator[str]:
    """Yield sentences without a full stop, the clearest first. What is stored may raise anything where it is not as it was written.

    `versions` are those of workflow.toml from the one that the audit was started on.
    """
    audit = stored.audit
    if not versions:
        yield f"rules version {audit.rules_version} is not stored"
        return
    if broken := history.first_break(audit.reference, stored.rows, audit.chain):
        yield broken.sentence
        return
    try:
        replayed = replay(stored.rows, versions)
    except ValueError as error:
        yield str(error)
        return
    yield from _changed_states(stored, replayed)
    yield from _let_in(stored)
    yield from _changed_key(stored)
    yield from _changed_seals(stored)
    told = retell(stored.rows, versions[-1])
    yield from _changed_since_sealed(stored, told)
    yield from _untold(stored, told)
    yield from _untold_escalations(stored, told)
    yield from _changed_reasons(stored)
    yield from _changed_since_settled(stored)
    yield from _changed_since_saved(stored)


def _changed_states(stored: StoredAudit, replayed: tuple[str | None, str]) -> Iterator[str]:
    audit = stored.audit
    for shown in (audit.escalation_state, stored.escalation_state):
        if replayed != (audit.state, shown):
            yield f"the history leads to {replayed[0]} with escalation {replayed[1]}, but {audit.state} with {shown} is stored"


def _changed_key(stored: StoredAudit) -> Iterator[str]:
    """None: a process of the release before wrote it, and `init` and each worker that starts fill it in."""
    if stored.child_key not in {None, child_key(stored.audit.header.child_id)}:
        yield "the audit is found by the ID of another child than is stored"


def _let_in(stored: StoredAudit) -> Iterator[str]:
    """Being named in an escalation gives access for good. A release before this one stores nobody there."""
    latest = (stored.audit.escalation,) if stored.audit.escalation else ()
    named = frozenset[int]().union(*(people_named(one) for one in (*stored.earlier_escalations, *latest)))
    if stored.audit.escalated_to - named:
        yield "a person is stored as named in an escalation, and no escalation names that person"


def _changed_seals(stored: StoredAudit) -> Iterator[str]:
    """The seals that the history names, and no others, are stored as they were made."""
    seals = {(seal.edition, seal.part): seal for seal in stored.seals}
    for row, facts in zip(stored.rows, stored.facts, strict=True):
        if "sealed" in facts and (part := facts.get("part", SEALED_BY.get(row.entry.move))):
            edition = int(str(facts["edition"]))
            seal = seals.pop((edition, str(part)), None)
            if seal is None:
                yield f"the seal of what was {part} in edition {edition} is missing: row {row.number} of the history names it"
            elif _as_made(seal) != (facts["sealed"], row.entry.at, row.entry.by_id) or seal.digest != facts["sealed"]:
                yield f"what was sealed as {part} in edition {edition} is not what was written"
    for edition, part in seals:
        yield f"no row of the history names the seal of what was {part} in edition {edition}"


def _as_made(seal: Seal) -> tuple[object, ...]:
    return history.digest(seal.content), seal.at, seal.by_id


def _changed_since_sealed(stored: StoredAudit, told: Retelling) -> Iterator[str]:
    audit = stored.audit
    shared, moderated = (audit_changes.latest(stored.seals, part) for part in SEALED_BY.values())
    if shared is None or not audit.was_shared:
        yield from _changed_header(audit, audit.sections, {}, "written in its details")
        return
    where, content_of = f"sealed in edition {shared.edition}", json.loads(shared.content)
    yield from _changed_header(audit, content_of["sections"], told.people, where)
    if audit_changes.shows_working_copy(audit):
        written = {key: answers for key, answers in audit.sections.items() if key != "moderation"}
        yield from _changed_sections(written, content_of["sections"], where)
    last = content_of
    if moderated and moderated.edition == shared.edition:
        last = json.loads(moderated.content)
        if audit_changes.shows_working_copy(audit):
            yield from _changed_sections({"moderation": audit.sections.get("moderation", {})}, last["sections"], where)
    if audit.overall_grade != last["overall_grade"]:
        yield f"the overall grade is not what was {where}"
    yield from _changed_actions(audit, last["actions"], told.owners, where)


def _changed_header(audit: Audit, sections: Mapping[str, Answers], named_since: Mapping[str, int], where: str) -> Iterator[str]:
    written = audit_changes.header_of(replace(audit, sections=sections))
    since: dict[str, Any] = {f"{role}_id": person for role, person in named_since.items()}
    written = replace(written, **since)
    for field in fields(Header):
        if getattr(audit.header, field.name) != getattr(written, field.name):
            yield f"{field.name.removesuffix('_id')} is not what was {where}"


def _changed_sections(written: Mapping[str, Answers], sealed: Mapping[str, Answers], where: str) -> Iterator[str]:
    # As text: to Python, true and 1 are equal.
    for key in sorted(written.keys() | sealed.keys()):
        if json.dumps(written.get(key), sort_keys=True) != json.dumps(sealed.get(key), sort_keys=True):
            yield f"{key} is not what was {where}"


def _changed_actions(audit: Audit, sealed: Iterable[Mapping[str, object]], owners: Mapping[int, int], where: str) -> Iterator[str]:
    for one in sealed:
        action = audit.action(int(str(one["number"])))
        if action is None:
            yield f"action {one['number']} is missing, which was {where}"
        elif (action.section, action.text, action.owner_id) != (
            one["section"],
            one["text"],
            owners.get(action.number, one["owner"]),
        ) or one["due_on"] not in {day.isoformat() for day in (action.due_on, *action.earlier_due_dates)}:
            yield f"action {action.number} is not what was {where}"


def _untold(stored: StoredAudit, told: Retelling) -> Iterator[str]:
    audit = stored.audit
    for name in ("auditor_id", "moderator_id", "judged_by", "edition", "shared_at", "moderated_at", "withdrawal_asked_by"):
        if getattr(audit, name) != getattr(told, name):
            yield f"the history records {name.removesuffix('_id')} {getattr(told, name)}, but {getattr(audit, name)} is stored"
    actions = {action.number: action.state for action in audit.actions}
    for number in sorted(actions.keys() | told.actions.keys()):
        if actions.get(number) != told.actions.get(number):
            yield f"the history leads action {number} to {told.actions.get(number)}, but {actions.get(number)} is stored"


def _untold_escalations(stored: StoredAudit, told: Retelling) -> Iterator[str]:
    escalations = [*stored.earlier_escalations, *([stored.audit.escalation] if stored.audit.escalation else [])]
    if [one.number for one in escalations] != list(range(1, len(told.escalations) + 1)):
        yield f"the history records {len(told.escalations)} escalations, but {len(escalations)} are stored"
        return
    for escalation, texts in zip(escalations, told.escalations, strict=True):
        for name in ("reason", "plan", "resolution"):
            text = getattr(escalation, name)
            if (history.digest(text) if text else None) != texts.get(name):
                yield f"the {name} of escalation {escalation.number} is not what was written"


def _changed_reasons(stored: StoredAudit) -> Iterator[str]:
    for row, facts in zip(stored.rows, stored.facts, strict=True):
        text = stored.remarks.get(row.number)
        if (None if text is None else history.digest(text)) != facts.get("reason"):
            yield f"the reason given with row {row.number} is not what was written"
    for number in sorted(stored.remarks.keys() - {row.number for row in stored.rows}):
        yield f"a reason is stored with row {number}, which is not in the history"


def _changed_since_settled(stored: StoredAudit) -> Iterator[str]:
    """Each part is as the last row of the history left it; an earlier escalation, as the last row before the next one did."""
    facts = stored.facts
    last = facts[-1].get(content.FACT)
    if not isinstance(last, dict):
        return
    recorded = {part: made for one in facts for part, made in _recorded(one).items() if part.startswith("escalation ")} | last
    held = content.settled(stored.audit) | content.settled_escalations(stored.earlier_escalations)
    for part in sorted(recorded.keys() | held.keys()):
        if part not in held:
            yield f"{part} is missing"
        elif part not in recorded:
            if content.FACT in facts[0] or not part.startswith("escalation "):
                yield f"{part} is stored, which the history does not record"
        elif held[part] != recorded[part]:
            yield f"{SETTLED.get(part, part)} is not what row {len(facts)} of the history left"


SETTLED = {"audit": "the auditor or moderator, the grade, or one of the dates"}


def _recorded(facts: Mapping[str, object]) -> Mapping[str, str]:
    found = facts.get(content.FACT)
    return found if isinstance(found, dict) else {}


def _changed_since_saved(stored: StoredAudit) -> Iterator[str]:
    if not stored.was_saved_by_an_older_release and stored.content_digest != content.content_digest(stored.audit):
        yield "what is stored is not what was last saved"
