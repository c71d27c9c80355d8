"""Acknowledge an escalation with the link in an email, without signing in. The page shows no case text."""

from http import HTTPStatus

from flask import Blueprint, Response, make_response, render_template, request

from web.escalations.acknowledgement_links import read_link, use_link
from workflow.errors import BadInput, NotFound

pages = Blueprint("acknowledging", __name__, template_folder="templates")


@pages.get("/acknowledge")
def show() -> Response:
    """Change and log nothing: email security scanners open this link too."""
    try:
        return _render_question(request.args.get("token", ""))
    except NotFound:
        return _render_unusable()


@pages.post("/acknowledge")
def confirm() -> Response:
    """Acknowledge, if the person’s initials were chosen: a scanner that also presses the button chooses nothing."""
    token = request.form.get("token", "")
    try:
        return _render("acknowledged.html", HTTPStatus.OK, link=use_link(token, request.form.get("initials", "")))
    except BadInput as refusal:
        return _render_question(token, refusal.missing[0].message)
    except NotFound:
        return _render_unusable()


def _render_question(token: str, sentence: str = "") -> Response:
    link = read_link(token)
    offered = [{"value": one, "text": one} for one in link.offered]
    status = HTTPStatus.UNPROCESSABLE_ENTITY if sentence else HTTPStatus.OK
    return _render("acknowledge.html", status, link=link, token=token, offered=offered, sentence=sentence)


def _render_unusable() -> Response:
    """Show the same page for every fault, so that it reveals nothing."""
    return _render("unusable_link.html", HTTPStatus.GONE)


def _render(template: str, status: HTTPStatus, **facts: object) -> Response:
    """The address of this page can acknowledge an escalation: the Referrer-Policy of every page keeps it from other servers."""
    return make_response(render_template(template, **facts), status)
