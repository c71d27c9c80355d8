"""The list of all audits that the signed-in user may know of."""

from http import HTTPStatus

from flask import Blueprint, render_template, request

from web.audit_list.queries import AuditFilter, count_by_state, fetch_audits
from web.identity.current_user import login_required, visibility_filter
from web.request.context import command_context, current_council
from web.request.errors import status_of
from workflow.commands.context import CommandContext
from workflow.errors import BadInput
from workflow.storage.engine import read_transaction
from workflow.validation import read_text
from workflow.working_days import months_after

CHOICES = ("state", "team", "cursor", "strand", "grade")
MONTHS = {"1": "month", "3": "3 months", "6": "6 months", "12": "12 months"}
FILTERS = {"team": "Team", "person": "Person", "strand": "Strand", "grade": "Overall grade", "months": "Audited in the last"}
pages = Blueprint("worklist", __name__, template_folder="templates")


@pages.get("/audits")
@login_required
def every() -> str:
    return _render_list(_read_filters())


@pages.post("/audits/search")
@login_required
def search() -> str | tuple[str, HTTPStatus]:
    """A child’s ID is never in a URL, so searching is a POST."""
    try:
        return _render_list(
            AuditFilter(q=read_text("q", request.form.get("q"), 100, one_line=True), cursor=request.form.get("cursor") or None)
        )
    except BadInput as refusal:
        return _render_list(AuditFilter(), refusal), status_of(refusal)


def _read_filters() -> AuditFilter:
    """Read the filters from the address. Anything else in it is ignored."""
    chosen = {name: value.strip() or None for name, value in request.args.items() if name in CHOICES}
    person, months = request.args.get("person", ""), request.args.get("months", "")
    return AuditFilter(
        **chosen,
        person=int(person) if person.isdecimal() and len(person) < 10 else None,
        since=months_after(command_context().today, -int(months)) if months in MONTHS else None,
    )


def _render_list(wanted: AuditFilter, refusal: BadInput | None = None) -> str:
    context = command_context()
    reader = visibility_filter()
    with read_transaction(current_council().engine) as connection:
        rows, following = fetch_audits(connection, reader, wanted)
        counts = count_by_state(connection, reader)
    return render_template(
        "audit_list.html", rows=rows, following=following, wanted=wanted, directory=context.directory, states=context.rules.audit.states,
        refusal=refusal, counts=counts, filters=_filters(context), chosen=request.args, is_filtered=any(request.args.get(name) for name in FILTERS),
        more={**request.args, "cursor": following}, kept={name: value for name, value in request.args.items() if name in FILTERS and value},
    )  # fmt: skip


def _filters(context: CommandContext) -> list[tuple[str, str, list[tuple[object, str]]]]:
    """Return the name, label and choices of each filter."""
    people = sorted(context.directory.people.values(), key=lambda person: person.name)
    choices: list[list[tuple[object, str]]] = [
        [(team.code, team.name) for team in context.directory.teams.values()], [(person.id, person.name) for person in people],
        [(choice.value, choice.label) for choice in context.forms.current.section("details").field("strand").choices],
        [(choice.value, choice.label) for choice in context.forms.current.overall.field("grade").choices], [*MONTHS.items()],
    ]  # fmt: skip
    return [(name, label, items) for (name, label), items in zip(FILTERS.items(), choices, strict=True)]
