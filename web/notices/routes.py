"""The signed-in user's notices."""

from flask import Blueprint, render_template, request

from web.identity.current_user import login_required, visibility_filter
from web.notices.queries import fetch_notices
from web.request.context import current_council
from workflow.events import QA_INBOX
from workflow.storage.engine import read_transaction

pages = Blueprint("notices", __name__, template_folder="templates")


@pages.get("/notices")
@login_required
def mine() -> str:
    with read_transaction(current_council().engine) as connection:
        rows, following = fetch_notices(connection, visibility_filter(), current_council().notification_policy, request.args.get("cursor"))
    return render_template(
        "notices.html", rows=rows, following=following, events=current_council().notification_policy.events, qa_inbox=QA_INBOX
    )
