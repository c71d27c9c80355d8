"""What a view asks of the code around every request, set where the view is defined."""

from dataclasses import dataclass, fields
from functools import cache
from typing import Literal, TypeVar, cast

from flask import current_app, request

T = TypeVar("T")
ATTRIBUTE = "practice_audit_options"


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewOptions:
    """A decorator of a view, below its route, or of a blueprint, for all of its views.

    Other decorators keep it where they use functools.wraps, which copies a function’s attributes.
    """

    answers_json: bool = False
    """A page’s own script calls it: refusals are JSON too."""
    replays_form: bool = False
    """People write in its forms, and nothing in them is secret: what could not be saved is shown again, to be sent with one press."""
    checks_own_text: bool = False
    """Its page says beside each field that the text is too long, and shows all of it."""
    is_probe: bool = False
    """A monitoring program calls it every few seconds: by any host name, logged as DEBUG, and answered while the database is unavailable."""
    may_be_cached: bool = False
    """It is the same for everybody, so the browser may keep it."""
    only_reads: bool = False
    """It changes nothing, although it is a POST: a token that may only read may call it."""
    sign_in_method: Literal["", "password", "council account"] = ""
    """404 where the council has turned this way of signing in off."""
    read_log_title: str = ""
    """What the read log calls the case text shown here."""

    def __call__(self, target: T) -> T:
        setattr(target, ATTRIBUTE, self)
        return target


NONE = ViewOptions()


def current_view_options() -> ViewOptions:
    return options_of(request.endpoint) if request.endpoint else NONE


def options_of(endpoint: str) -> ViewOptions:
    """Those of the view, and those of its blueprint where the view sets none; all off where there is no such endpoint."""
    view, blueprint = current_app.view_functions.get(endpoint), current_app.blueprints.get(endpoint.rpartition(".")[0])
    return _merge(_given_to(view), _given_to(blueprint))


def _given_to(target: object) -> ViewOptions:
    return cast(ViewOptions, getattr(target, ATTRIBUTE, NONE))


@cache
def _merge(view: ViewOptions, blueprint: ViewOptions) -> ViewOptions:
    return ViewOptions(**{one.name: getattr(view, one.name) or getattr(blueprint, one.name) for one in fields(ViewOptions)})
