"""An audit in the browser: where it stands, its sections, its moves, its history."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.audits.progress import is_inadequate_below, progress_of
from web.audits.schemas import answers_typed, day_typed, values_stored, values_typed, words_stored
from web.audits.telling import who_will_be_told
from web.errors import status_of
from web.moves import carry_out
from web.signed_in import for_signed_in, signed_in, the_council, the_desk
from workflow.commands import writing
from workflow.commands.actions import NewAction
from workflow.commands.making import named_move, only_asks
from workflow.commands.seeing import Seen, see
from workflow.errors import BadInput, NotFound, NotReady, NotYours, Stale
from workflow.forms import Section

pages = Blueprint("audits", __name__, template_folder="templates")
Page = str | Response | tuple[str, HTTPStatus]


@pages.get("/audits/new")
@for_signed_in
def start() -> str:
    return _start_page()


@pages.post("/audits/new")
@for_signed_in
def start_now() -> Page:
    try:
        audit = writing.start_audit(the_desk(), signed_in(), {}, request.form.get("auditor"))
    except BadInput as refusal:
        return _start_page(refusal), status_of(refusal)
    if audit.auditor_id == signed_in().id:
        return redirect(url_for("audits.section", reference=audit.reference, section="details"), HTTPStatus.SEE_OTHER)
    flash("The audit is allocated, and its auditor is told.")
    return redirect(url_for("audits.show", reference=audit.reference), HTTPStatus.SEE_OTHER)


def _start_page(refusal: BadInput | None = None) -> str:
    desk = the_desk()
    if not any(desk.permissions.allow_role(right, signed_in()) for right in ("start", "start_for_another")):
        raise NotYours("Only an auditor starts an audit; the QA Service allocates one to an auditor.")
    auditors = [person for person in desk.directory.people.values() if person.is_active and "auditor" in person.roles]
    return render_template(
        "start.html", auditors=auditors, allocates=desk.permissions.allow_role("start_for_another", signed_in()), refusal=refusal
    )


@pages.get("/audits/<reference>")
@for_signed_in
def show(reference: str) -> str:
    desk = the_desk()
    seen = see(desk, signed_in(), reference)
    progress = progress_of(desk, signed_in(), seen.audit, seen.sections)
    return render_template("audit.html", **_framed(seen), progress=progress)


@pages.get("/audits/<reference>/read")
@for_signed_in
def read(reference: str) -> str:
    seen = _readable(reference)
    form = the_desk().form_of(seen.audit)
    words = {key: words_stored(form, key, answers, the_desk().directory) for key, answers in seen.sections.items()}
    return render_template("read.html", **_framed(seen), words=words)


@pages.get("/audits/<reference>/history")
@for_signed_in
def history(reference: str) -> str:
    desk, store = the_desk(), the_council().store
    seen = see(desk, signed_in(), reference)
    if not desk.permissions.allow("read_history", seen.audit, seen.ties):
        raise NotYours("The history of this audit is not yours to read now.")
    remarks = store.remarks(seen.audit) if seen.reads_audit else {}
    return render_template("history.html", **_framed(seen), rows=store.history(seen.audit), remarks=remarks)


# --- A section -------------------------------------------------------------------------------------------------------


@pages.get("/audits/<reference>/sections/<section>")
@for_signed_in
def section(reference: str, section: str) -> str:
    seen, part = _section(reference, section)
    values = values_stored(part, seen.sections[section], the_desk().directory)
    return _section_page(seen, part, values, seen.audit.version)


@pages.post("/audits/<reference>/sections/<section>")
@for_signed_in
def save_section(reference: str, section: str) -> Page:
    seen, part = _section(reference, section)
    version = int(request.form["seen"]) if request.form.get("seen", "").isdecimal() else 0
    try:
        writing.save_section(the_desk(), signed_in(), reference, section, answers_typed(part, request.form), version)
    except BadInput as refusal:
        # Still the version that was seen: what somebody else saved meanwhile must not be overwritten by the next try.
        return _section_page(seen, part, values_typed(part, request.form), version, refusal), status_of(refusal)
    except Stale as stale:
        return _stale_page(_readable(reference), part, stale)
    flash("Saved.")
    return redirect(_after_saving(seen, part), HTTPStatus.SEE_OTHER)


def _section(reference: str, key: str) -> tuple[Seen, Section]:
    """The section where this person may read it; raises NotFound alike where the form has none such."""
    seen = _readable(reference)
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
        "section.html", **_framed(seen), section=part, values=values, version=version, may_write=may_write, words=words, guidance=guidance,
        before=_beside(seen, part, -1), after=_beside(seen, part, 1), errors={one.field: one.message for one in refusal.missing} if refusal else {},
        needs_a_look=is_inadequate_below(part, seen.sections[part.key].get("grade"), overall),
    )  # fmt: skip


def _stale_page(seen: Seen, part: Section, stale: Stale) -> Page:
    form, directory = the_desk().form_of(seen.audit), the_desk().directory
    page = render_template(
        "stale.html", **_framed(seen), section=part, yours=values_typed(part, request.form), version=seen.audit.version,
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
        return url_for("audits.section", reference=seen.audit.reference, section=following.key)
    return url_for("audits.show", reference=seen.audit.reference)


# --- A move ----------------------------------------------------------------------------------------------------------


@pages.get("/audits/<reference>/moves/<move>")
@for_signed_in
def move(reference: str, move: str) -> str:
    return _move_page(reference, move)


@pages.post("/audits/<reference>/moves/<move>")
@for_signed_in
def make_move(reference: str, move: str) -> Page:
    reason, new = request.form.get("reason", ""), _new_actions()
    try:
        audit = carry_out(the_desk(), signed_in(), reference, move, reason, new)
    except (NotReady, BadInput) as refusal:
        return _move_page(reference, move, refusal), status_of(refusal)
    flash(f"The audit is now: {the_desk().rules.audit.states[audit.state].title}.")
    return redirect(url_for("audits.show", reference=reference), HTTPStatus.SEE_OTHER)


def _move_page(reference: str, name: str, refusal: NotReady | BadInput | None = None) -> str:
    desk = the_desk()
    seen = see(desk, signed_in(), reference)
    offer = next((offer for offer in seen.offers if offer.move.name == name), None)
    if offer is None:
        named_move(desk.rules.audit, name)
        raise NotYours("This move is not yours to make now.")
    asks = only_asks(offer.move, seen.audit, seen.ties)
    needs = offer.move.needs_when_asked if asks else offer.move.needs
    told = who_will_be_told(desk, the_council().who_hears, seen.audit, offer.move)
    return render_template(
        "move.html", **_framed(seen), move=offer.move, needs=needs, asks=asks, told=told, refusal=refusal, typed=request.form
    )


def _new_actions() -> tuple[NewAction, ...]:
    if not request.form.get("text"):
        return ()
    return (NewAction(request.form["text"], request.form.get("owner", ""), day_typed("due_on", request.form)),)


def _readable(reference: str) -> Seen:
    """What may be seen of an audit by somebody who may read it; raises NotYours for who may only know of it."""
    seen = see(the_desk(), signed_in(), reference)
    if not seen.reads_audit:
        raise NotYours("This audit is not yours to read now.")
    return seen


def _framed(seen: Seen) -> dict[str, Any]:
    desk = the_desk()
    return {"seen": seen, "audit": seen.audit, "form": desk.form_of(seen.audit), "directory": desk.directory, "today": desk.today}
