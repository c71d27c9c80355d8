"""One section of an audit in the browser: read, edit, save and autosave it."""

from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from notifications.queries import KEEP_UNSAVED
from web.audits import draft_recovery
from web.audits.page_context import list_questions, template_context, view_readable
from web.audits.previous_audit import find_told_date, reveal_with_previous
from web.audits.section_forms import describe_answers, read_form, stored_values, typed_values
from web.formatting import clock
from web.identity.current_user import current_user, login_required
from web.request.context import command_context, current_session
from web.request.errors import refuse_too_large, status_of
from web.request.flash_messages import flash
from web.request.form_fields import SURE
from web.request.read_log import reveal_and_log
from web.request.view_options import ViewOptions
from workflow.commands.audit_view import AuditView, see
from workflow.commands.context import get_visible_audit
from workflow.commands.sealed_text import directory_of_text
from workflow.commands.shown_versions import save_as_shown
from workflow.errors import BadInput, EditConflict, Missing, NotFound, PermissionDenied, ReadLogUnavailable, Refusal, TooLarge
from workflow.forms import Section
from workflow.history import digest
from workflow.models import Audit
from workflow.sense_checks import questions_of_people
from workflow.validation import read_answers

pages = ViewOptions(replays_form=True, checks_own_text=True)(Blueprint("sections", __name__, template_folder="templates"))
Page = str | Response | tuple[str, HTTPStatus]
TOLD = "Saved. This child was audited in the last 12 months. The audit’s own page says when."


@pages.get("/audits/<reference>/sections/<section>")
@login_required
@ViewOptions(read_log_title="Section")
def show(reference: str, section: str) -> str:
    seen, part = _find_section(reference, section)
    draft = draft_recovery.find(current_user(), reference, section) if draft_recovery.may_write(seen, section) else None
    if draft:
        return _render_section(seen, part, typed_values(part, draft.typed), draft.seen, draft_at=draft.at)
    return _render_section(seen, part, None, seen.section_version(section))


@pages.post("/audits/<reference>/sections/<section>")
@login_required
@ViewOptions(read_log_title="Section, not saved")
def save(reference: str, section: str) -> Page:
    try:
        audit = _save(reference, section)
    except Refusal as refusal:
        return _redisplay(*_find_section(reference, section), refusal), status_of(refusal)
    flash(TOLD if section == "details" and find_told_date(audit) else "Saved.")
    return redirect(_address_after_saving(audit, section), HTTPStatus.SEE_OTHER)


@pages.post("/audits/<reference>/sections/<section>/autosave")
@login_required
@ViewOptions(answers_json=True, read_log_title="Section, not saved")
def autosave(reference: str, section: str) -> dict[str, object]:
    """Save from the page's script. Text that can't be saved is stored as a draft. Errors are JSON."""
    try:
        audit = _save(reference, section)
    except PermissionDenied:
        _find_section(reference, section)
        raise
    except (BadInput, EditConflict):
        draft_recovery.store(current_user(), reference, section, request.form)
        raise
    now = datetime.now(UTC)
    ends_at = current_session().ends_at(now)
    version = see(command_context(), current_user(), audit.reference).section_version(section)
    return {"version": version, "saved_at": clock(now), "ends_at": ends_at.isoformat() if ends_at else None}


@pages.post("/audits/<reference>/sections/<section>/discard")
@login_required
def discard(reference: str, section: str) -> Response:
    """Delete the draft and show the stored version."""
    draft_recovery.delete(current_user(), reference, section)
    return redirect(_address_of(reference, section), HTTPStatus.SEE_OTHER)


def _redisplay(seen: AuditView, part: Section, refusal: Refusal) -> str:
    """Show the section again. If it can't be shown, store the text as a draft for later."""
    try:
        return _render_refused(seen, part, refusal)
    except ReadLogUnavailable:
        draft_recovery.store(current_user(), seen.audit.reference, part.key, request.form)
        raise


def _render_refused(seen: AuditView, part: Section, refusal: Refusal) -> str:
    """Show everything that was typed, however it was refused."""
    if isinstance(refusal, TooLarge):
        refusal = _refuse_longest_field(part)
    if not isinstance(refusal, BadInput) or not draft_recovery.may_write(seen, part.key):
        return _render_conflict(seen, part, refusal)
    # Keep the version that was seen, so that the next try can't overwrite what somebody else has saved.
    return _render_section(seen, part, typed_values(part, request.form), draft_recovery.read_version_seen(request.form), refusal)


def _refuse_longest_field(part: Section) -> BadInput:
    field = max(part.fields, key=lambda field: len(request.form.get(field.key, "")))
    return BadInput.about(
        field.key, f"{field.label}: your text is too long to save. It is all still here: shorten it, then save.", part.key
    )


def _save(reference: str, section: str) -> Audit:
    refuse_too_large()
    me, version = current_user(), draft_recovery.read_version_seen(request.form)
    audit = save_as_shown(command_context(), me, reference, section, partial(_read_typed, reference), version)
    if request.form.get("kept"):
        draft_recovery.delete(me, reference, section)
    return audit


def _read_typed(reference: str, part: Section) -> dict[str, object]:
    """Raise BadInput with a question about people who are newly named and seem to be the wrong ones."""
    typed = read_form(part, request.form)
    if part.key == "details" and request.form.get(SURE) != _people_typed(part):
        directory, (audit, _) = command_context().directory, get_visible_audit(command_context(), current_user(), reference)
        known = questions_of_people(part, audit.sections.get(part.key, {}), directory)
        asked = [one for one in questions_of_people(part, read_answers(part, typed, directory), directory) if one not in known]
        if asked:
            raise BadInput((*asked, Missing(part.key, SURE, "Choose somebody else, or tick the box if this is right.")))
    return typed


def _people_typed(part: Section) -> str:
    """What the question is about: another person or another team is asked about again."""
    return digest("\n".join(request.form.get(field.key, "") for field in part.fields if field.kind in {"person", "team"}))[:16]


def _address_of(reference: str, section: str) -> str:
    return url_for("sections.show", reference=reference, section=section)


def _find_section(reference: str, key: str) -> tuple[AuditView, Section]:
    """Return the section if this person may read it. Raise NotFound, also if the form has no such section."""
    seen = view_readable(reference)
    if key not in seen.sections:
        raise NotFound
    return seen, command_context().form_of(seen.audit).section(key)


def _render_section(
    seen: AuditView,
    part: Section,
    typed: dict[str, Any] | None,
    version: int,
    refusal: BadInput | None = None,
    draft_at: datetime | None = None,
) -> str:
    """Show the section with what was typed, or else what is stored."""
    context, now = command_context(), datetime.now(UTC)
    seen, back = reveal_with_previous(seen) if part.key == "details" else (reveal_and_log(seen), None)
    values = typed or stored_values(part, seen.sections[part.key], context.directory)
    answers = describe_answers(
        context.form_of(seen.audit), part.key, seen.sections[part.key], directory_of_text(context, seen.audit, seen.ties, seen.seals)
    )
    guidance = [guidance for guidance in part.guidance if guidance.applies(seen.sections)]
    return render_template(
        "section.html", **template_context(seen), section=part, values=values, version=version, may_write=draft_recovery.may_write(seen, part.key), answers=answers,
        guidance=guidance, before=_adjacent_section(seen, part, -1), after=_adjacent_section(seen, part, 1), draft_at=draft_at,
        is_draft=bool(draft_at or request.form.get("kept")), refusal=refusal, draft_lasts=KEEP_UNSAVED,
        back=back, doubted=_people_typed(part), questions=[one.message for one in list_questions(seen) if one.section == part.key], ends_at=current_session().ends_at(now),
    )  # fmt: skip


def _render_conflict(seen: AuditView, part: Section, refusal: Refusal) -> str:
    seen = reveal_and_log(seen)
    form, directory = command_context().form_of(seen.audit), command_context().directory
    return render_template(
        "conflict.html", **template_context(seen), section=part, yours=typed_values(part, request.form), version=seen.section_version(part.key),
        theirs=describe_answers(form, part.key, seen.sections[part.key], directory), sentence=refusal.sentence,
        may_write=draft_recovery.may_write(seen, part.key),
    )  # fmt: skip


def _adjacent_section(seen: AuditView, part: Section, step: int) -> Section | None:
    shown = [one for one in command_context().form_of(seen.audit).sections if one.key in seen.sections]
    at = shown.index(part) + step
    return shown[at] if 0 <= at < len(shown) else None


def _address_after_saving(audit: Audit, section: str) -> str:
    """Return the address of the next section of the same part, which the same people write, or of the audit."""
    form = command_context().form_of(audit)
    same_part = [one for one in form.sections if one.part == form.section(section).part]
    rest = [one.key for one in same_part[same_part.index(form.section(section)) + 1 :] if one.fields]
    if request.form.get("then") == "next" and rest:
        return url_for("sections.show", reference=audit.reference, section=rest[0])
    return url_for("audits.show", reference=audit.reference)
