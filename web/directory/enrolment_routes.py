"""An enrolment code for somebody else, shown once: they need it to set up two-step verification for the first time."""

from http import HTTPStatus

from flask import Blueprint, render_template

from web.directory.routes import get_person
from web.identity.account.confirmation import consume_confirmation
from web.identity.account.proofs import Purpose
from web.identity.credentials.enrolment_codes import digest_of, new_code, why_not_needed
from web.identity.current_user import current_user, login_required
from web.request.context import command_context, current_council
from workflow.commands.directory.enrolment import store_enrolment_code
from workflow.commands.directory.people import somebody_else
from workflow.errors import BadInput

pages = Blueprint("enrolments", __name__, template_folder="templates")


@pages.post("/people/<int:person_id>/enrolment-code")
@login_required
def make(person_id: int) -> tuple[str, HTTPStatus]:
    """The code is in this response only, so there is no redirect. Raise BadInput for somebody who needs none."""
    who, council = current_user(), current_council()
    person = somebody_else(command_context(), who, person_id)
    if sentence := why_not_needed(council, person):
        raise BadInput.about("person", sentence)
    consume_confirmation(who, Purpose.ENROLMENT_CODE)
    code = new_code()
    store_enrolment_code(command_context(), who, person.id, digest_of(council, person.id, code))
    return render_template("enrolment_code.html", person=get_person(person_id), code=code), HTTPStatus.OK
