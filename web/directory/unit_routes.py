"""Posts and who holds them, roles to approve, and teams, services and branches."""

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.directory.choices import duties_of, find_team, sort_duties, title_of_duty
from web.directory.history_text import describe_change
from web.directory.queries import fetch_unit_history
from web.directory.routes import check_permitted
from web.identity.current_user import current_user, login_required
from web.request.context import command_context, current_council
from web.request.errors import status_of
from web.request.flash_messages import flash
from web.request.view_options import ViewOptions
from workflow.commands.directory import roles
from workflow.commands.directory import units as unit_commands
from workflow.commands.directory.people import ensure_edits
from workflow.commands.directory.second_person import may_answer
from workflow.directory import Directory, Duty, Person, Request
from workflow.errors import BadInput, NotFound
from workflow.role_assignments import UNITS, Unit
from workflow.storage.engine import read_transaction

pages = ViewOptions(replays_form=True)(Blueprint("posts", __name__, template_folder="templates"))
Page = str | Response | tuple[str, HTTPStatus]


@dataclass(frozen=True, slots=True)
class Post:
    """`stands_in` acts in the post while it is vacant; None if nobody does."""

    title: str
    holders: tuple[Person, ...]
    deputies: tuple[Person, ...]
    stands_in: Person | None


@pages.get("/people/posts")
@login_required
def every() -> str:
    check_permitted("see_directory")
    return render_template("posts.html", posts=list_posts(command_context().directory))


@pages.get("/people/requests")
@login_required
def requests() -> str:
    return _render_requests()


@pages.post("/people/requests/<int:request_id>")
@login_required
def answer(request_id: int) -> Page:
    is_granted = request.form.get("answer") == "grant"
    if not is_granted and request.form.get("answer") != "refuse":
        raise BadInput.about("answer", "Select approve or refuse.")
    try:
        roles.answer_request(command_context(), current_user(), request_id, is_granted=is_granted)
    except BadInput as refusal:
        return _render_requests(refusal), status_of(refusal)
    flash("Approved." if is_granted else "Refused.")
    return redirect(url_for("my_work.show"), HTTPStatus.SEE_OTHER)


@pages.get("/people/teams")
@login_required
def teams() -> str:
    check_permitted("see_directory")
    context = command_context()
    with read_transaction(current_council().engine) as connection:
        history = fetch_unit_history(connection) if context.permissions.allow_role("read_directory_history", current_user()) else []
    units = {kind: unit_commands.units_of(context.directory, kind) for kind in UNITS}
    edits = context.permissions.allow_role("edit_directory", current_user())
    return render_template(
        "teams.html", units=units, edits=edits, history=history, describe_change=describe_change, directory=context.directory
    )


@pages.get("/people/teams/new/<kind>")
@login_required
def new_unit(kind: str) -> str:
    return _render_unit(_new_unit(kind))


@pages.post("/people/teams/new/<kind>")
@login_required
def add_unit(kind: str) -> Page:
    _new_unit(kind)
    unit = Unit(kind, request.form.get("code", ""), request.form.get("name", ""), request.form.get("within", ""))
    try:
        unit_commands.add_unit(command_context(), current_user(), unit)
    except BadInput as refusal:
        return _render_unit(unit, refusal, is_new=True), status_of(refusal)
    return _redirect_to_teams(f"{kind.capitalize()} added.")


@pages.get("/people/teams/<kind>/<code>")
@login_required
def unit(kind: str, code: str) -> str:
    return _render_unit(unit_commands.find_unit(command_context().directory, kind, code))


@pages.post("/people/teams/<kind>/<code>")
@login_required
def change_unit(kind: str, code: str) -> Page:
    changed = Unit(kind, code, request.form.get("name", ""), request.form.get("within", ""))
    try:
        unit_commands.change_unit(command_context(), current_user(), changed)
    except BadInput as refusal:
        return _render_unit(changed, refusal), status_of(refusal)
    return _redirect_to_teams("Saved.")


def list_posts(directory: Directory) -> list[Post]:
    """Return the posts that escalations go to: for the council, each branch and each service."""
    return [_describe_post(directory, duty) for post in reversed(directory.posts) for duty in duties_of(post, directory)]


def _describe_post(directory: Directory, duty: Duty) -> Post:
    holders, deputies = (directory.holding(Duty(duty.role, duty.scope, is_deputy)) for is_deputy in (False, True))
    holder = directory.holder(duty.role, find_team(directory, duty))
    return Post(title_of_duty(duty, directory), holders, deputies, holder.person if holder and holder.stands_in else None)


def list_requests_for(who: Person) -> list[Request]:
    """Return the role requests that this person can decide."""
    return [one for one in command_context().directory.requests if may_answer(command_context(), who, one)]


def _render_requests(refusal: BadInput | None = None) -> str:
    asked = command_context().directory.requests
    mine = list_requests_for(current_user())
    if not mine:
        check_permitted("see_directory")
    directory = command_context().directory
    shown = asked if command_context().permissions.allow_role("see_directory", current_user()) else mine
    return render_template(
        "requests.html", asked=shown, mine=mine, directory=directory, title_of_duty=title_of_duty, sort_duties=sort_duties, refusal=refusal
    )


def _new_unit(kind: str) -> Unit:
    if kind not in UNITS:
        raise NotFound
    return Unit(kind, "", "")


def _render_unit(unit: Unit, refusal: BadInput | None = None, *, is_new: bool = False) -> str:
    ensure_edits(command_context(), current_user())
    outer = UNITS[unit.kind]
    within = unit_commands.units_of(command_context().directory, outer) if outer else []
    return render_template("unit.html", unit=unit, outer=outer, within=within, is_new=is_new or not unit.code, refusal=refusal)


def _redirect_to_teams(words: str) -> Response:
    flash(words)
    return redirect(url_for("posts.teams"), HTTPStatus.SEE_OTHER)
