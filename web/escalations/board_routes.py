"""The escalations board: who has been notified of each escalation, who has acknowledged it, and what happens next."""

from flask import Blueprint, render_template, request

from web.escalations.board import load_board
from web.identity.current_user import current_user, login_required
from web.request.context import command_context

pages = Blueprint("board", __name__, template_folder="templates")


@pages.get("/escalations")
@login_required
def show() -> str:
    context = command_context()
    return render_template(
        "board.html",
        board=load_board(current_user(), request.args.get("cursor")),
        directory=context.directory,
        now=context.now,
        today=context.today,
        states=context.rules.escalation.states,
        sees_people=context.permissions.allow_role("see_directory", current_user()),
    )
