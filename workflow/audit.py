"""What each move changes in an audit. Permissions, the state machine and the guards decide whether it may happen, and where it leads."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from workflow.models import Answers, Audit, Header, Seal
from workflow.roles import CASE_ROLES
from workflow.smart_action import goes_live

SHARED_PART, MODERATED_PART, JUDGEMENT_PART = "shared", "moderated", "judgement"


def with_section(audit: Audit, section: str, answers: Answers) -> Audit:
    sections = {**audit.sections, section: answers}
    versions = {**audit.section_versions, section: audit.version + 1}
    changed = replace(audit, sections=sections, section_versions=versions)
    return replace(changed, header=header_of(changed)) if section == "details" and not audit.was_shared else changed


def header_of(audit: Audit) -> Header:
    """The header as written now."""
    details = audit.sections.get("details", {})
    audited_on = details.get("audit_date")
    return Header(
        team=_text(details.get("team")),
        practitioner_id=_id(details.get("practitioner")),
        team_manager_id=_id(details.get("team_manager")),
        service_manager_id=_id(details.get("service_manager")),
        qaro_id=_id(details.get("qaro")),
        child_id=_text(details.get("child_id")),
        strand=_text(details.get("strand")),
        audit_on=date.fromisoformat(audited_on) if isinstance(audited_on, str) else None,
    )


def shared(audit: Audit, state: str, overall: str, at: datetime, today: date) -> Audit:
    """From now on the header and the overall grade are those that were shared, and the actions are live."""
    return replace(
        audit,
        state=state,
        header=header_of(audit),
        overall_grade=_text(audit.answer(overall, "grade")),
        shared_at=at,
        moderated_at=None,
        actions=tuple(goes_live(action, today) if action.section == 13 else action for action in audit.actions),
    )


def moderated(audit: Audit, state: str, grade: str | None, at: datetime, today: date) -> Audit:
    """`grade` is the moderator’s, or None where moderation was waived."""
    return replace(
        audit,
        state=state,
        overall_grade=grade or audit.overall_grade,
        moderated_at=at,
        actions=tuple(goes_live(action, today) for action in audit.actions),
    )


def with_person(audit: Audit, role: str, person_id: int) -> Audit:
    """Somebody else holds a role of the case from now on. What was shared stays; a correction that is being written names them."""
    named: dict[str, Any] = {f"{role}_id": person_id}
    after = replace(audit, header=replace(audit.header, **named))
    return after if shows_working_copy(audit) else _naming_present_people(after)


def returned(audit: Audit, state: str) -> Audit:
    """A new edition, which has to be moderated again; the seals keep what was shared."""
    audit = _naming_present_people(audit)
    without = {key: answers for key, answers in audit.sections.items() if key != "moderation"}
    return replace(audit, state=state, edition=audit.edition + 1, moderator_id=None, judged_by=None, sections={**without, "moderation": {}})


def _naming_present_people(audit: Audit) -> Audit:
    """With the people who hold the roles of the case now in the details that the auditor corrects."""
    details = audit.sections.get("details", {})
    present = {**details, **{role: getattr(audit.header, f"{role}_id") for role in CASE_ROLES}}
    return audit if present == details else with_section(audit, "details", present)


def withdrawn(audit: Audit, state: str) -> Audit:
    """The actions stay as they were, and nobody is reminded about them any more."""
    return replace(audit, state=state, actions=tuple(replace(action, remind_on=None) for action in audit.actions))


def newly_live(before: Audit | None, after: Audit) -> tuple[int, ...]:
    """The numbers of the actions whose owners must be notified."""
    known = {action.number for action in before.actions if action.is_live} if before else set()
    return tuple(action.number for action in after.actions if action.is_live and action.number not in known)


def shows_working_copy(audit: Audit) -> bool:
    """Whether the sections hold what was shared; otherwise readers are shown the seal."""
    return audit.state in {"shared", "moderated", "actions_closed"}


def latest(seals: tuple[Seal, ...], part: str) -> Seal | None:
    of_part = [seal for seal in seals if seal.part == part]
    return max(of_part, key=lambda seal: seal.edition, default=None)


def _text(answer: object) -> str | None:
    return answer if isinstance(answer, str) else None


def _id(answer: object) -> int | None:
    return answer if isinstance(answer, int) else None
