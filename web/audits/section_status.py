"""The status of each section of an audit: complete, in progress, not started or to check."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from workflow.commands.available_moves import make_guard_context
from workflow.commands.context import CommandContext
from workflow.directory import Person
from workflow.errors import Missing
from workflow.forms import Section
from workflow.guards import what_is_missing
from workflow.models import Answers, Audit

WRITING_GUARDS = (
    "header_is_complete", "practitioner_was_consulted", "case_is_summarised", "every_area_is_graded",
    "no_conflict_is_declared", "actions_are_agreed", "every_action_is_complete",
)  # fmt: skip
MODERATION_GUARDS = ("moderation_is_recorded", "difference_is_explained")
STATUSES = {
    "Complete": "", "To check": "govuk-tag--orange", "In progress": "govuk-tag--light-blue", "Not started": "govuk-tag--grey",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    section: Section
    status: str
    grade: str | None

    @property
    def tag(self) -> str:
        return STATUSES[self.status]


def list_progress(
    context: CommandContext, who: Person, audit: Audit, sections: Mapping[str, Answers], asked: Collection[Missing]
) -> list[Progress]:
    """Return the status of each section that this person may see; `asked` are the sense checks' questions."""
    form = context.form_of(audit)
    missing = _sections_with_gaps(context, who, audit)
    questioned = {one.section for one in asked}
    shown = [section for section in form.sections if section.key in sections]
    return [_section_progress(section, sections[section.key], missing, questioned, audit) for section in shown]


def _sections_with_gaps(context: CommandContext, who: Person, audit: Audit) -> set[str]:
    found: tuple[Missing, ...] = what_is_missing((*WRITING_GUARDS, *MODERATION_GUARDS), make_guard_context(context, who, audit))
    return {one.section for one in found}


def _section_progress(section: Section, answers: Answers, missing: set[str], questioned: set[str], audit: Audit) -> Progress:
    grade = answers.get("grade")
    is_started = any(answer is not None for answer in answers.values()) or (section.key == "actions" and bool(audit.actions))
    status = "Complete" if section.key not in missing else "In progress" if is_started else "Not started"
    if status == "Complete" and not is_started and section.key == "service_comments":
        status = "Not started"
    if section.key in questioned:
        status = "To check"
    return Progress(section, status, grade if isinstance(grade, str) else None)
