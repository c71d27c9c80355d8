"""Acknowledging by the link of a mail: without signing in, without a word of the case, and only when the button is pressed."""

from http import HTTPStatus

from flask import Blueprint, Response, make_response, render_template, request

from web.escalations.acknowledgement_links import read_link, use_link
from workflow.errors import NotFound

pages = Blueprint("acknowledging", __name__, template_folder="templates")


@pages.get("/acknowledge")
def show() -> Response:
    """Changes nothing and notes nothing: what looks through mails for dangerous links opens this one too."""
    token = request.args.get("token", "")
    try:
        return _page("acknowledge.html", HTTPStatus.OK, link=read_link(token), token=token)
    except NotFound:
        return _ended()


@pages.post("/acknowledge")
def confirm() -> Response:
    try:
        return _page("acknowledged.html", HTTPStatus.OK, link=use_link(request.form.get("token", "")))
    except NotFound:
        return _ended()


def _ended() -> Response:
    """The same whatever is wrong with it."""
    return _page("ended.html", HTTPStatus.GONE)


def _page(template: str, status: HTTPStatus, **facts: object) -> Response:
    """The address of this page is worth an acknowledgement: as every page, it is told to no other server."""
    return make_response(render_template(template, **facts), status)
