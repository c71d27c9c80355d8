"""People: list, search, add and change them, give them roles, and mark them as left."""

from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.directory.choices import list_all_duties, list_choices, name_units, paginate_people, search_people, sort_duties
from web.directory.history_text import describe_change
from web.directory.queries import fetch_changes, fetch_connections, fetch_delegations, fetch_person_history
from web.identity.credentials.enrolment_codes import why_not_needed
from web.identity.current_user import current_user, login_required
from web.request.context import command_context, current_council
from web.request.errors import status_of
from web.request.flash_messages import flash
from web.request.view_options import ViewOptions
from workflow.commands.directory import people as people_commands
from workflow.commands.directory import roles as role_commands
from workflow.commands.directory.second_person import GIVEN
from workflow.directory import Person
from workflow.errors import BadInput, NotFound, PermissionDenied
from workflow.role_assignments import read_duty
from workflow.storage.engine import read_transaction
from workflow.validation import read_text

pages = ViewOptions(replays_form=True)(Blueprint("people", __name__, template_folder="templates"))
Page = str | Response | tuple[str, HTTPStatus]


@pages.get("/people")
@login_required
def every() -> str:
    check_permitted("see_directory")
    q, directory = request.args.get("q", "")[:100], command_context().directory
    people = search_people(directory, q)
    page, following = paginate_people(directory, people, request.args.get("cursor"))
    return render_template("people.html", people=page, q=q, following=following, sort_duties=sort_duties, number=len(people))


@pages.get("/people/new")
@login_required
def new() -> str:
    return _render_identity(None)


@pages.post("/people/new")
@login_required
def add() -> Page:
    try:
        person_id = people_commands.add_person(command_context(), current_user(), request.form.get("name"), request.form.get("email"))
    except BadInput as refusal:
        return _render_identity(None, refusal), status_of(refusal)
    flash("Person added. Now give them their roles.")
    return _redirect_to_person(person_id)


@pages.get("/people/changes")
@login_required
def changes() -> str:
    check_permitted("read_directory_history")
    with read_transaction(current_council().engine) as connection:
        rows = fetch_changes(connection)
    return render_template("changes.html", rows=rows, directory=command_context().directory, describe_change=describe_change)


@pages.get("/people/<int:person_id>")
@login_required
def show(person_id: int) -> str:
    check_permitted("see_directory")
    context, person = command_context(), get_person(person_id)
    sees = {right for right in ("read_directory_history", "see_connections", "declare_for_another", "edit_directory") if _may(right)}
    edits = "edit_directory" in sees and person != current_user()
    needs_code = edits and person.is_active and not why_not_needed(current_council(), person)
    with read_transaction(current_council().engine) as connection:
        return render_template(
            "person.html", person=person, directory=context.directory, sees=sees if edits else sees - {"edit_directory"}, needs_code=needs_code,
            units=name_units(person.units, context.directory),
            own=sort_duties(person.duties - person.delegated), passed=fetch_delegations(connection, person_id, context.now), describe_change=describe_change,
            history=fetch_person_history(connection, person_id) if "read_directory_history" in sees else [],
            connections=fetch_connections(connection, person_id) if "see_connections" in sees else [],
            new_email=next((one.new_email for one in context.directory.requests if one.person_id == person_id and one.new_email), None),
        )  # fmt: skip


@pages.get("/people/<int:person_id>/change")
@login_required
def change(person_id: int) -> str:
    return _render_identity(get_person(person_id))


@pages.post("/people/<int:person_id>/change")
@login_required
def change_now(person_id: int) -> Page:
    try:
        outcome = people_commands.change_person(
            command_context(), current_user(), person_id, request.form.get("name"), request.form.get("email")
        )
    except BadInput as refusal:
        return _render_identity(get_person(person_id), refusal), status_of(refusal)
    flash("Saved." if outcome == GIVEN else "New email address requested. A second person must approve it: until then the old one stays.")
    return _redirect_to_person(person_id)


@pages.get("/people/<int:person_id>/roles")
@login_required
def roles(person_id: int) -> str:
    return _render_roles(person_id)


@pages.post("/people/<int:person_id>/roles")
@login_required
def give(person_id: int) -> Page:
    try:
        outcome = role_commands.give_role(
            command_context(), current_user(), person_id, read_duty(request.form.get("role"), command_context().directory)
        )
    except BadInput as refusal:
        return _render_roles(person_id, refusal), status_of(refusal)
    flash("Role given." if outcome == GIVEN else "Role requested. A second person must approve it.")
    return _redirect_to_person(person_id)


@pages.post("/people/<int:person_id>/roles/take")
@login_required
def take(person_id: int) -> Page:
    try:
        role_commands.take_role(
            command_context(), current_user(), person_id, read_duty(request.form.get("role"), command_context().directory)
        )
    except BadInput as refusal:
        return _render_roles(person_id, refusal), status_of(refusal)
    flash("Role removed.")
    return redirect(url_for("people.roles", person_id=person_id), HTTPStatus.SEE_OTHER)


@pages.get("/people/<int:person_id>/leave")
@login_required
def leave(person_id: int) -> str:
    return render_template("leave.html", person=people_commands.somebody_else(command_context(), current_user(), person_id))


@pages.post("/people/<int:person_id>/leave")
@login_required
def leave_now(person_id: int) -> Response:
    tasks = people_commands.mark_as_left(command_context(), current_user(), person_id)
    flash(f"Marked as left. The QA Service has been notified of {tasks} task{'' if tasks == 1 else 's'} that somebody else must take over.")
    return _redirect_to_person(person_id)


@pages.post("/people/<int:person_id>/back")
@login_required
def come_back(person_id: int) -> Response:
    people_commands.mark_as_back(command_context(), current_user(), person_id)
    flash("Marked as back. Now give them their roles.")
    return _redirect_to_person(person_id)


def check_permitted(right: str) -> None:
    if not _may(right):
        raise PermissionDenied


def get_person(person_id: int) -> Person:
    person = command_context().directory.person(person_id)
    if person is None:
        raise NotFound
    return person


def _may(right: str) -> bool:
    return command_context().permissions.allow_role(right, current_user())


def _redirect_to_person(person_id: int) -> Response:
    return redirect(url_for("people.show", person_id=person_id), HTTPStatus.SEE_OTHER)


def _render_identity(person: Person | None, refusal: BadInput | None = None) -> str:
    people_commands.ensure_edits(command_context(), current_user())
    if person:
        people_commands.somebody_else(command_context(), current_user(), person.id)
    typed = request.form if refusal else {"name": person.name, "email": person.email} if person else {}
    return render_template("edit_person.html", person=person, typed=typed, refusal=refusal)


def _render_roles(person_id: int, refusal: BadInput | None = None) -> str:
    person, directory = people_commands.somebody_else(command_context(), current_user(), person_id), command_context().directory
    own = sort_duties(person.duties - person.delegated)
    if refusal:
        refusal = BadInput(tuple(replace(one, field="role") for one in refusal.missing))
    return render_template(
        "roles.html", person=person, own=list_choices(own, directory), choices=list_choices((d for d in list_all_duties(directory) if d not in own), directory),
        refusal=refusal, typed=read_text("role", request.form.get("role"), 100) if refusal and request.form.get("role", "").isprintable() else "",
    )  # fmt: skip
