"""Declare a connection to a child, and set up cover for a role: for oneself, or for another person."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.directory.choices import list_choices, list_others, sort_duties, title_of_duty
from web.directory.queries import fetch_connections, fetch_delegations
from web.directory.routes import check_permitted, get_person
from web.identity.current_user import current_user, login_required
from web.request.context import command_context, current_council
from web.request.errors import status_of
from web.request.flash_messages import flash
from web.request.form_fields import read_date
from web.request.view_options import ViewOptions
from workflow.commands.directory import connections as connection_commands
from workflow.commands.directory import delegations as delegation_commands
from workflow.commands.directory.second_person import GIVEN
from workflow.directory import Person
from workflow.errors import BadInput
from workflow.role_assignments import read_duty
from workflow.storage.engine import read_transaction

pages = ViewOptions(replays_form=True)(Blueprint("own", __name__, template_folder="templates"))
Page = str | Response | tuple[str, HTTPStatus]


@pages.get("/connections")
@login_required
def connections() -> str:
    return _render_connections(current_user())


@pages.post("/connections")
@login_required
def declare() -> Page:
    return _declare_connection(current_user())


@pages.get("/people/<int:person_id>/connections")
@login_required
def connections_of_another(person_id: int) -> str:
    check_permitted("declare_for_another")
    return _render_connections(get_person(person_id))


@pages.post("/people/<int:person_id>/connections")
@login_required
def declare_for_another(person_id: int) -> Page:
    check_permitted("declare_for_another")
    return _declare_connection(get_person(person_id))


@pages.post("/connections/<int:connection_id>/end")
@login_required
def end_connection(connection_id: int) -> Response:
    person_id = connection_commands.end_connection(command_context(), current_user(), connection_id)
    flash("Connection ended. It stays on the record.")
    return redirect(url_for("own.connections_of_another", person_id=person_id), HTTPStatus.SEE_OTHER)


@pages.get("/delegations")
@login_required
def delegations() -> str:
    return _render_delegations(current_user())


@pages.post("/delegations")
@login_required
def delegate() -> Page:
    return _set_up_cover(current_user())


@pages.get("/people/<int:person_id>/delegations")
@login_required
def delegations_of_another(person_id: int) -> str:
    check_permitted("edit_directory")
    return _render_delegations(get_person(person_id))


@pages.post("/people/<int:person_id>/delegations")
@login_required
def delegate_for_another(person_id: int) -> Page:
    check_permitted("edit_directory")
    return _set_up_cover(get_person(person_id))


@pages.post("/delegations/<int:delegation_id>/end")
@login_required
def end_delegation(delegation_id: int) -> Response:
    delegation_commands.end_delegation(command_context(), current_user(), delegation_id)
    flash("Cover ended.")
    return redirect(url_for("own.delegations"), HTTPStatus.SEE_OTHER)


def _declare_connection(person: Person) -> Page:
    try:
        connection_commands.declare_connection(command_context(), current_user(), request.form.get("child_id"), person.id)
    except BadInput as refusal:
        return _render_connections(person, refusal), status_of(refusal)
    flash("Connection declared. That child’s audits are now hidden.")
    return redirect(_own_or_other("own.connections", "own.connections_of_another", person), HTTPStatus.SEE_OTHER)


def _render_connections(person: Person, refusal: BadInput | None = None) -> str:
    with read_transaction(current_council().engine) as connection:
        rows = fetch_connections(connection, person.id)
    is_mine, directory = person.id == current_user().id, command_context().directory
    ends = command_context().permissions.allow_role("end_connection", current_user()) and not is_mine
    return render_template("connections.html", person=person, is_mine=is_mine, ends=ends, rows=rows, directory=directory, refusal=refusal)


def _set_up_cover(giver: Person) -> Page:
    context = command_context()
    to, days = (
        context.directory.by_email(request.form.get("person", "")),
        tuple(read_date(name, request.form) for name in ("starts_on", "ends_on")),
    )
    try:
        duty = read_duty(request.form.get("role"), context.directory)
        outcome = delegation_commands.delegate(context, current_user(), giver.id, to.id if to else 0, duty, (days[0], days[1]))
    except BadInput as refusal:
        return _render_delegations(giver, refusal), status_of(refusal)
    flash("Cover set up." if outcome == GIVEN else "Cover requested. A second person must approve it.")
    return redirect(_own_or_other("own.delegations", "own.delegations_of_another", giver), HTTPStatus.SEE_OTHER)


def _render_delegations(giver: Person, refusal: BadInput | None = None) -> str:
    context = command_context()
    with read_transaction(current_council().engine) as connection:
        rows = fetch_delegations(connection, giver.id, context.now)
    never = context.permissions.table["never_delegated"]
    roles = [duty for duty in sort_duties(giver.duties - giver.delegated) if duty.role not in never and not duty.is_deputy]
    return render_template(
        "delegations.html", giver=giver, is_mine=giver.id == current_user().id, rows=rows, roles=list_choices(roles, context.directory),
        people=list_others(context.directory, giver), directory=context.directory, title_of_duty=title_of_duty, refusal=refusal, typed=request.form,
    )  # fmt: skip


def _own_or_other(mine: str, anothers: str, person: Person) -> str:
    return url_for(mine) if person.id == current_user().id else url_for(anothers, person_id=person.id)
