"""A posted form that was not saved since its session or its token had ended: stored for the person who wrote it, and put back into its boxes.

Who wrote it is named by the form’s token, which we signed; where we can’t read that, by the session. It signs nobody in.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask.globals import request_ctx
from itsdangerous import BadData, URLSafeTimedSerializer
from markupsafe import Markup

from web.request import queries
from web.request.browser_session import writer_named_by
from web.request.context import command_context, current_council, current_session, database_is_unavailable, identified_person
from web.request.form_filling import MARKER, Values, fill_form
from web.request.form_replay import OWN_FIELDS, TypedText, name_typed, readable_form
from web.request.view_options import current_view_options
from workflow.directory import Person

MAX_LENGTH = 2 * 1024 * 1024
TOKENS_NAME_WRITERS_FOR = timedelta(days=90)
NOT_PUT_BACK = OWN_FIELDS - {"seen"}


@dataclass(frozen=True, slots=True)
class UnsavedForm:
    """`typed` is what the page shows as text where the form is not there, or holds what was typed later."""

    path: str
    opened: str
    at: datetime
    typed: tuple[TypedText, ...]


@dataclass(frozen=True, slots=True)
class PutBack:
    content: Markup
    forms: tuple[UnsavedForm, ...] = ()


def init_unsaved_forms(app: Flask) -> None:
    app.after_request(_delete_saved)


def store_posted_form() -> bool:
    """Store what was posted for the person who wrote it, whether or not they may do this: nothing is looked up. Return whether it was stored."""
    who, typed = _writer(), _typed()
    if who is None or not typed or sum(len(name) + len(value) for name, value in typed) > MAX_LENGTH:
        return False
    path, opened = _path_of_form(), hashlib.sha256(_token().encode()).hexdigest()
    values = {"person_id": who.id, "path": path, "opened": opened, "page": page_of_form(), "typed": typed, "at": datetime.now(UTC)}
    queries.store_form(current_council().engine, values)
    if (earlier := request.form.get(MARKER, opened)) != opened:
        # It was in these boxes.
        queries.delete_form(current_council().engine, who.id, path, earlier)
    return True


def is_written_by_somebody() -> bool:
    """Whether there is somebody to store it for, if it is not too long."""
    return _writer() is not None and bool(_typed())


def is_from_elsewhere() -> bool:
    """Whether another site’s page sent it, or a page that another person opened at this computer."""
    writer = _writer_named_by_token()
    return not _is_from_our_page() or (writer is not None and current_session().person_id not in {None, writer})


def page_of_form() -> str:
    """The path of the page that has the form which was posted: the same path, or the nearest above it."""
    adapter, path = request_ctx.url_adapter, request.path
    while path and not (adapter and adapter.test(path, "GET")):
        path = path.rpartition("/")[0]
    return path or "/"


def put_back(content: Markup, *, is_unknown: bool) -> PutBack:
    """The page’s content with what its reader could not save in the boxes it was typed into. Nothing is offered of what they may not know."""
    if is_unknown or not current_view_options().replays_form or database_is_unavailable() or "person" not in g:
        return PutBack(content)
    if request.method == "GET" and current_session().has_unsaved:
        return _put_back(content, queries.forms_of_page(current_council().engine, identified_person().id, request.path))
    marker = request.form.get(MARKER, "") if request.method == "POST" else ""
    marked = fill_form(content, request.path, request.path, marker, None) if marker else None
    return PutBack(Markup(marked) if marked else content)  # noqa: S704 (our own page, to which only escaped text was added)


def _put_back(content: Markup, rows: Sequence[Any]) -> PutBack:
    filled: set[str] = set()
    forms = []
    for row in rows:
        typed = [(name, value) for name, value in row.typed]
        again = None if row.path in filled else fill_form(content, request.path, row.path, row.opened, _values(typed))
        if again is not None:
            content, typed = Markup(again), []  # noqa: S704 (our own page, to which only escaped text was added)
            filled.add(row.path)
        forms.append(UnsavedForm(row.path, row.opened, row.at, name_typed(typed)))
    return PutBack(content, tuple(forms))


def _values(typed: Sequence[tuple[str, str]]) -> Values:
    values: dict[str, list[str]] = {}
    for name, value in typed:
        values.setdefault(name, []).append(value)
    return values


def _typed() -> list[tuple[str, str]]:
    """Empty where nothing was typed or chosen."""
    given = readable_form() if current_view_options().replays_form else ()
    is_typed = any(value.strip() for name, value in given if name not in OWN_FIELDS)
    return [one for one in given if one[0] not in NOT_PUT_BACK] if is_typed else []


def _writer() -> Person | None:
    if not _is_from_our_page():
        return None
    who = command_context().directory.person(_writer_named_by_token() or current_session().person_id or current_session().ended_for)
    return who if who and who.is_active else None


def _writer_named_by_token() -> int | None:
    """As Flask-WTF signs it, in a session that may have ended since."""
    signed = URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="wtf-csrf-token")
    try:
        return writer_named_by(signed.loads(_token(), max_age=TOKENS_NAME_WRITERS_FOR.days * 86_400))
    except BadData:
        return None


def _token() -> str:
    return next((value for name, value in readable_form() if name == "csrf_token"), "")


def _is_from_our_page() -> bool:
    """Every browser names the site whose page sent a form."""
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _delete_saved(response: Response) -> Response:
    """What was put back and is saved now."""
    if request.method == "POST" and response.status_code < 400 and "person" in g and (opened := request.form.get(MARKER)):
        queries.delete_form(current_council().engine, identified_person().id, _path_of_form(), opened)
    return response


def _path_of_form() -> str:
    """Where its button sends it, also where the page’s script sent it."""
    return page_of_form() if current_view_options().answers_json else request.path
