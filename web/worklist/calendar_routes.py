"""Create, replace and delete the private address from which a calendar program fetches a person's due dates without signing in."""

import secrets
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.identity.account.confirmation import consume_confirmation
from web.identity.account.proofs import Purpose
from web.identity.current_user import SECOND_FACTOR, current_user, login_required, needs_second_factor
from web.identity.row_signatures import is_signed, sign_row
from web.identity.sessions import token_digest
from web.request.context import command_context, current_council, current_session
from web.request.flash_messages import flash
from web.worklist.calendar_feed import list_due_tasks, write_icalendar
from web.worklist.queries import delete_calendar, find_calendar, find_calendar_by_digest, store_calendar
from workflow.directory import Person
from workflow.errors import NotFound

pages = Blueprint("calendars", __name__, template_folder="templates")


@pages.get("/calendar")
@login_required
def show() -> str:
    person = current_user()
    calendar = find_calendar(current_council().engine, person.id)
    return render_template("calendar.html", calendar=calendar, is_stopped=calendar is not None and _is_stopped(calendar, person))


@pages.post("/calendar")
@login_required
def make() -> str:
    """Show the address in this response only: it is stored nowhere, so there is no redirect."""
    consume_confirmation(current_user(), Purpose.CALENDAR)
    token = secrets.token_urlsafe(32)
    council, proof = current_council(), current_session().get(SECOND_FACTOR, "")
    values = {"person_id": current_user().id, "digest": token_digest(token), "proof": proof}
    store_calendar(council.engine, values | {"signature": sign_row(council.settings, "calendars", values)}, datetime.now(UTC))
    address = council.settings.base_url + url_for("calendars.feed", token=token)
    return render_template("calendar_made.html", address=address)


@pages.post("/calendar/end")
@login_required
def end() -> Response:
    delete_calendar(current_council().engine, current_user().id)
    flash("Calendar address deleted. Entries that your calendar has already downloaded may stay in it.")
    return redirect(url_for("calendars.show"), HTTPStatus.SEE_OTHER)


@pages.get("/calendar/<token>.ics")
def feed(token: str) -> Response:
    """Raise NotFound for an unknown, deleted or stopped address, and for one of a person who has left."""
    council = current_council()
    row = find_calendar_by_digest(council.engine, token_digest(token)) if token.isascii() else None
    person = command_context().directory.person(row.person_id) if row and is_signed(council.settings, "calendars", row) else None
    if row is None or person is None or not person.is_active or _is_stopped(row, person):
        raise NotFound
    response = make_response(write_icalendar(person, list_due_tasks(person), row.made_at))
    response.content_type = "text/calendar; charset=utf-8"
    response.add_etag()
    return response.make_conditional(request)


def _is_stopped(calendar: Any, person: Person) -> bool:
    """Made without the second factor that the person needs now."""
    return not calendar.proof and needs_second_factor(person)
