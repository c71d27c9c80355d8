"""My work, and all the audits that I may know of."""

from flask import Blueprint, render_template, request

from web.signed_in import for_signed_in, signed_in, the_council, the_desk
from web.worklist.queries import Wanted, actions_waiting_for, audits_waiting_for, page_of_audits
from web.worklist.tasks import in_order, tasks_of_actions, tasks_of_audits
from workflow.answers import read_text
from workflow.storage.engine import reading

pages = Blueprint("worklist", __name__, template_folder="templates")


@pages.get("/")
@for_signed_in
def mine() -> str:
    desk, me = the_desk(), signed_in()
    with reading(the_council().engine) as connection:
        audits = audits_waiting_for(connection, me, desk.directory, desk.permissions)
        actions = actions_waiting_for(connection, me, desk.directory)
    tasks = [*tasks_of_audits(audits, me, desk.directory, the_council().who_hears.clocks), *tasks_of_actions(actions, me, desk.directory)]
    starts = [right for right in ("start", "start_for_another") if desk.permissions.allow_role(right, me)]
    return render_template("mine.html", tasks=in_order(tasks, desk.today), today=desk.today, starts=starts)


@pages.get("/audits")
@for_signed_in
def every() -> str:
    return _list(Wanted(request.args.get("state"), request.args.get("team"), None, request.args.get("cursor")))


@pages.post("/audits/search")
@for_signed_in
def search() -> str:
    """A child’s ID is never in a URL, so searching is a POST."""
    return _list(Wanted(q=read_text("q", request.form.get("q"), 100)))


def _list(wanted: Wanted) -> str:
    desk = the_desk()
    with reading(the_council().engine) as connection:
        rows, following = page_of_audits(connection, signed_in(), desk.directory, desk.permissions, wanted)
    return render_template(
        "every.html", rows=rows, following=following, wanted=wanted, directory=desk.directory, states=desk.rules.audit.states
    )
