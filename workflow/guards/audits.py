"""Guards of the auditor’s moves, up to sharing, and of closing."""

from collections.abc import Iterator
from datetime import date

from workflow.blindness import without_judge
from workflow.errors import Missing
from workflow.forms import Section
from workflow.guards.context import Guard, GuardContext
from workflow.models import INADEQUATE
from workflow.naming import reason_not_to_name
from workflow.roles import CASE_ROLES

AUDITED_ROLES = tuple(role for role in CASE_ROLES if role != "qaro")
"""Those whose own practice is audited."""
HEADER = {
    "audit_date": "the audit date", "child_id": "the child’s ID number", "team": "the team", "practitioner": "the Social Worker or PA",
    "team_manager": "the Team Manager", "service_manager": "the Service Manager", "age_band": "the age band", "strand": "the strand",
}  # fmt: skip


def auditor_is_independent(s: GuardContext) -> Iterator[Missing]:
    """Compared by person, at each move (rules, section 5)."""
    for role in AUDITED_ROLES:
        if s.answer("details", role) == s.audit.auditor_id:
            yield Missing("details", role, f"The auditor can’t also be the {s.titles[role]} of the case.")


def header_is_complete(s: GuardContext) -> Iterator[Missing]:
    for field, words in HEADER.items():
        if s.answer("details", field) is None:
            yield Missing("details", field, f"Give {words}.")
    yield from _date_has_come(s, "audit_date", "The audit date")
    yield from _qaro_is_settled(s)
    yield from _previous_audit_is_answered(s)


def _date_has_come(s: GuardContext, field: str, words: str) -> Iterator[Missing]:
    answer = s.answer("details", field)
    if isinstance(answer, str) and date.fromisoformat(answer) > s.today:
        yield Missing("details", field, f"{words} can’t be in the future.")


def _qaro_is_settled(s: GuardContext) -> Iterator[Missing]:
    if s.answer("details", "qaro") is None and not s.answer("details", "qaro_none_reason"):
        yield Missing("details", "qaro", "Give the QARO, or say why none is allocated.")


def _previous_audit_is_answered(s: GuardContext) -> Iterator[Missing]:
    previously = s.answer("details", "audited_previously")
    if previously is None:
        yield Missing("details", "audited_previously", "Say whether the child was audited previously.")
    if previously and s.answer("details", "previous_audit_on") is None:
        yield Missing("details", "previous_audit_on", "Give the date of the previous audit.")
    yield from _date_has_come(s, "previous_audit_on", "The date of the previous audit")
    previous, this = s.answer("details", "previous_audit_on"), s.answer("details", "audit_date")
    if isinstance(previous, str) and isinstance(this, str) and previous > this:
        yield Missing("details", "previous_audit_on", "The date of the previous audit can’t be after the audit date.")


def only_the_header_stands(s: GuardContext) -> Iterator[Missing]:
    written = [answer for section, answers in s.audit.sections.items() if section != "details" for answer in answers.values()]
    if s.audit.actions or any(answer not in (None, "") for answer in written):
        yield Missing("", "move", "More than the header is written: ask to withdraw the audit instead.")


def practitioner_was_consulted(s: GuardContext) -> Iterator[Missing]:
    if not s.answer("consultation", "spoke_to") and not s.answer("consultation", "not_possible_reason"):
        yield Missing("consultation", "spoke_to", "Say which practitioner you spoke to, or why that was not possible.")


def case_is_summarised(s: GuardContext) -> Iterator[Missing]:
    if not s.answer("summary", "case_summary"):
        yield Missing("summary", "case_summary", "Write the case summary.")
    questions = (field for field in s.form.section("summary").fields if field.kind == "yes_no")
    for field in questions:
        if s.answer("summary", field.key) is None:
            yield Missing("summary", field.key, f"Answer Yes or No: {field.label}")


def every_area_is_graded(s: GuardContext) -> Iterator[Missing]:
    for section in s.form.areas:
        yield from _area_is_graded(s, section)


def _area_is_graded(s: GuardContext, section: Section) -> Iterator[Missing]:
    grade = s.answer(section.key, "grade")
    name = _name(section)
    if grade is None:
        yield Missing(section.key, "grade", f"Grade {name}.")
    elif grade == "not_applicable":
        yield from _is_not_applicable(s, section, name)
    else:
        for field in ("evidence", "impact"):
            if not s.answer(section.key, field):
                yield Missing(section.key, field, f"Write the {field.title()} for {name}.")
        if s.answer(section.key, "not_applicable_reason"):
            yield Missing(section.key, "not_applicable_reason", f"{_start(name)} is graded, so it has no reason for not being applicable.")


def _is_not_applicable(s: GuardContext, section: Section, name: str) -> Iterator[Missing]:
    if not section.may_be_not_applicable:
        yield Missing(section.key, "grade", f"{_start(name)} always applies: grade it.")
    if not s.answer(section.key, "not_applicable_reason"):
        yield Missing(section.key, "not_applicable_reason", f"Say why {name} is not applicable.")
    for field in ("evidence", "impact"):
        if s.answer(section.key, field):
            yield Missing(section.key, field, f"{_start(name)} is not applicable, so it has no {field.title()}.")


def _name(section: Section) -> str:
    return "the final judgement" if section.overall else f"area {section.number}"


def _start(name: str) -> str:
    return name[0].upper() + name[1:]


def no_conflict_is_declared(s: GuardContext) -> Iterator[Missing]:
    declared = s.answer("declaration", "no_conflict")
    if declared is None:
        yield Missing("declaration", "no_conflict", "Make the declaration about conflicts of interest.")
    elif declared is False:
        yield Missing(
            "declaration", "no_conflict", "You have a conflict of interest: ask the QA Service to allocate this audit to somebody else."
        )


def every_recipient_can_be_reached(s: GuardContext) -> Iterator[Missing]:
    """Everybody named holds that role now, has an address, and could open the audit."""
    for role in CASE_ROLES:
        named = s.person("details", role)
        if named and (reason := reason_not_to_name(named, role, s.audit_as_written, s.directory, s.titles)):
            yield Missing("details", role, f"{s.titles[role]}: {reason}")


def escalation_can_be_reached(s: GuardContext) -> Iterator[Missing]:
    if s.answer(s.form.overall.key, "grade") == INADEQUATE:
        yield from posts_are_filled(s)


def posts_are_filled(s: GuardContext) -> Iterator[Missing]:
    team = s.answer("details", "team")
    if not isinstance(team, str):
        return
    child_id = s.answer("details", "child_id")
    directory = without_judge(s.audit, s.directory.for_child(child_id if isinstance(child_id, str) else None))
    for post in s.recipients:
        if directory.holder(post, team) is None:
            yield Missing("details", "team", f"Nobody holds or stands in for the post “{s.titles[post]}”: ask the QA Service.")


GUARDS: tuple[Guard, ...] = (
    auditor_is_independent, only_the_header_stands, header_is_complete, practitioner_was_consulted, case_is_summarised,
    every_area_is_graded, no_conflict_is_declared, every_recipient_can_be_reached, escalation_can_be_reached,
)  # fmt: skip
