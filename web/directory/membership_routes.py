"""The teams that a person belongs to, and the services of a Service Manager: edited by an administrator."""

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.directory.choices import list_units
from web.identity.current_user import current_user, login_required
from web.request.context import command_context
from web.request.errors import status_of
from web.request.flash_messages import flash
from web.request.view_options import ViewOptions
from workflow.commands.directory.memberships import change_units
from workflow.commands.directory.people import somebody_else
from workflow.errors import BadInput

pages = ViewOptions(replays_form=True)(Blueprint("memberships", __name__, template_folder="templates"))
Page = str | Response | tuple[str, HTTPStatus]


@pages.get("/people/<int:person_id>/teams")
@login_required
def edit(person_id: int) -> str:
    return _render(person_id)


@pages.post("/people/<int:person_id>/teams")
@login_required
def change(person_id: int) -> Page:
    try:
        change_units(command_context(), current_user(), person_id, ";".join(request.form.getlist("teams")))
    except BadInput as refusal:
        return _render(person_id, refusal), status_of(refusal)
    flash("Saved.")
    return redirect(url_for("people.show", person_id=person_id), HTTPStatus.SEE_OTHER)


def _render(person_id: int, refusal: BadInput | None = None) -> str:
    person, directory = somebody_else(command_context(), current_user(), person_id), command_context().directory
    chosen = request.form.getlist("teams") if refusal else person.units
    units = list_units(directory, with_services="service_manager" in person.roles or not directory.teams.keys() >= person.units)
    return render_template("memberships.html", person=person, units=units, chosen=chosen, refusal=refusal)
