"""One section of an audit in the browser: read, written, saved."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.audits.framing import framed, readable
from web.audits.progress import is_inadequate_below
from web.audits.schemas import answers_typed, values_stored, values_typed, words_stored
from web.errors import status_of
from web.signed_in import for_signed_in, signed_in, the_desk
from workflow.commands import writing
from workflow.commands.seeing import Seen
from workflow.errors import BadInput, NotFound, Stale
from workflow.forms import Section

pages = Blueprint("sections", __name__, template_folder="templates")
Page = str | Response | tuple[str, HTTPStatus]


@pages.get("/audits/<reference>/sections/<section>")
@for_signed_in
def show(reference: str, section: str) -> str:
    seen, part = _section(reference, section)
    values = values_stored(part, seen.sections[section], the_desk().directory)
    return _section_page(seen, part, values, seen.audit.version)


@pages.post("/audits/<reference>/sections/<section>")
@for_signed_in
def save(reference: str, section: str) -> Page:
    seen, part = _section(reference, section)
    version = int(request.form["seen"]) if request.form.get("seen", "").isdecimal() else 0
    try:
        writing.save_section(the_desk(), signed_in(), reference, section, answers_typed(part, request.form), version)
    except BadInput as refusal:
        # Still the version that was seen: what somebody else saved meanwhile must not be overwritten by the next try.
        return _section_page(seen, part, values_typed(part, request.form), version, refusal), status_of(refusal)
    except Stale as stale:
        return _stale_page(readable(reference), part, stale)
    flash("Saved.")
    return redirect(_after_saving(seen, part), HTTPStatus.SEE_OTHER)


def _section(reference: str, key: str) -> tuple[Seen, Section]:
    """The section where this person may read it; raises NotFound alike where the form has none such."""
    seen = readable(reference)
    if key not in seen.sections:
        raise NotFound
    return seen, the_desk().form_of(seen.audit).section(key)


def _section_page(seen: Seen, part: Section, values: dict[str, Any], version: int, refusal: BadInput | None = None) -> str:
    desk = the_desk()
    may_write = ("write_moderation" if part.part == "moderation" else "write_audit") in seen.may
    words = words_stored(desk.form_of(seen.audit), part.key, seen.sections[part.key], desk.directory)
    guidance = [guidance for guidance in part.guidance if guidance.applies(seen.sections)]
    overall = seen.sections.get(desk.form_of(seen.audit).overall.key, {}).get("grade")
    return render_template(
        "section.html", **framed(seen), section=part, values=values, version=version, may_write=may_write, words=words, guidance=guidance,
        before=_beside(seen, part, -1), after=_beside(seen, part, 1), errors={one.field: one.message for one in refusal.missing} if refusal else {},
        needs_a_look=is_inadequate_below(part, seen.sections[part.key].get("grade"), overall),
    )  # fmt: skip


def _stale_page(seen: Seen, part: Section, stale: Stale) -> Page:
    form, directory = the_desk().form_of(seen.audit), the_desk().directory
    page = render_template(
        "stale.html", **framed(seen), section=part, yours=values_typed(part, request.form), version=seen.audit.version,
        theirs=words_stored(form, part.key, seen.sections[part.key], directory), sentence=stale.sentence,
    )  # fmt: skip
    return page, status_of(stale)


def _beside(seen: Seen, part: Section, step: int) -> Section | None:
    shown = [one for one in the_desk().form_of(seen.audit).sections if one.key in seen.sections]
    at = shown.index(part) + step
    return shown[at] if 0 <= at < len(shown) else None


def _after_saving(seen: Seen, part: Section) -> str:
    following = _beside(seen, part, 1)
    if request.form.get("then") == "next" and following and following.part == part.part:
        return url_for("sections.show", reference=seen.audit.reference, section=following.key)
    return url_for("audits.show", reference=seen.audit.reference)
