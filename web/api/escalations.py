"""The escalation board over JSON: the same facts as on the page."""

from typing import Any

from web.api import board_schemas, request_schemas
from web.api.blueprint import ApiBlueprint
from web.escalations.board import load_board
from web.escalations.notification_status import EscalationStatus, RecipientStatus
from web.request.context import identified_person

blueprint = ApiBlueprint("api_escalations", "The escalation board")
Given = dict[str, Any]
TOLD = (
    "post", "stands_in", "state", "is_overdue", "sent_at", "delivered_at", "seen_at", "acknowledged_at", "acknowledged_as", "by_link", "due_on", "chase_on",
    "pass_up_on", "passed_up_at",
)  # fmt: skip
STANDING = ("reference", "team", "state", "source", "opened_at", "plan_due_on", "plan_at", "resolved_at")


@blueprint.get("/escalations")
@blueprint.shown_to_some
@blueprint.arguments(request_schemas.Filter(only=("cursor",)), location="query")
@blueprint.response(200, board_schemas.Board)
def board(given: Given) -> Given:
    shown = load_board(identified_person(), given["cursor"])
    return {
        "counts": shown.counts,
        "escalations": [_escalation_facts(one) for one in shown.rows],
        "resolved_lately": [_escalation_facts(one) for one in shown.recently_resolved],
        "next": shown.following,
    }


def _escalation_facts(one: EscalationStatus) -> Given:
    plain = {name: getattr(one, name) for name in STANDING}
    planned_by = one.planned_by.email if one.planned_by else None
    return {**plain, "plan_by": planned_by, "recipients": [_recipient_facts(told) for told in one.recipients]}


def _recipient_facts(one: RecipientStatus) -> Given:
    return {
        **{name: getattr(one, name) for name in TOLD},
        "person": one.person.email if one.person else None,
        "failed_because": one.problem or None,
        "next_up": one.next_up.person.email if one.next_up else None,
    }
