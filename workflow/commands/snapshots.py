"""What is sealed: the text that readers are shown, and what people and teams were called then."""

import json
from collections.abc import Iterable, Mapping

from workflow.commands.context import CommandContext
from workflow.field_types import FIELD_TYPES
from workflow.forms import Field
from workflow.models import Answers, Audit


def sealed_sections(context: CommandContext, audit: Audit) -> str:
    form = context.form_of(audit)
    keys = [section.key for section in form.sections if section.part == "audit"]
    return _content(context, audit, {key: audit.sections[key] for key in keys if key in audit.sections})


def sealed_moderation(context: CommandContext, audit: Audit) -> str:
    return _content(context, audit, {"moderation": audit.sections.get("moderation", {})})


def sealed_judgement(context: CommandContext, audit: Audit, *, is_blind: bool) -> str:
    return _content(context, audit, {"moderation": audit.sections.get("moderation", {})}, is_blind=is_blind)


def _content(context: CommandContext, audit: Audit, sections: Mapping[str, Answers], **more: object) -> str:
    form = context.form_of(audit)
    actions = [
        {"number": a.number, "section": a.section, "text": a.text, "owner": a.owner_id, "due_on": a.due_on.isoformat()}
        for a in audit.actions
        if a.is_live
    ]
    named = [answer for key, answers in sections.items() for answer in _people_in(form.section(key).fields, answers)]
    people = {audit.auditor_id, audit.moderator_id, *named, *(a.owner_id for a in audit.actions)}
    names = {str(person.id): person.name for person in map(context.directory.person, people) if person}
    codes = [answer for key, answers in sections.items() for answer in _teams_in(form.section(key).fields, answers)]
    teams = {code: context.directory.teams[code].name for code in codes if code in context.directory.teams}
    content = {"edition": audit.edition, "sections": sections, "actions": actions, "names": names, "teams": teams}
    content |= {"overall_grade": audit.overall_grade, **more}
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _people_in(fields: Iterable[Field], answers: Answers) -> list[int]:
    keys = [field.key for field in fields if FIELD_TYPES[field.kind].is_person]
    return [answer for key in keys if isinstance(answer := answers.get(key), int)]


def _teams_in(fields: Iterable[Field], answers: Answers) -> list[str]:
    keys = [field.key for field in fields if FIELD_TYPES[field.kind].is_team]
    return [answer for key in keys if isinstance(answer := answers.get(key), str)]
