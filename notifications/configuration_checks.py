"""The faults of notifications.toml: every event is one that something sends, every clock one that something reads."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from notifications.recipients import RELATIONS, NotificationRules
from workflow.config_faults import key_faults, unknown, unknown_names
from workflow.permissions import RIGHTS
from workflow.workflow_config import Rules

FILE = "notifications.toml"
SENT_BY_NAME = (
    "post_found_vacant", "escalation_handed_over", "moderator_assigned", "audit_allocated", "action_assigned", "duty_must_pass_on", "duty_fell", "duty_given",
    "action_given", "role_handed_on", "privileged_role_asked_for",
    "address_change_asked_for", "address_changed", "name_changed", "directory_changed", "emergency_asked", "emergency_answered", "read_in_emergency", "many_audits_read", "password_reset", "password_changed",
    "second_proof_changed", "enrolment_code_made", "authenticator_app_added", "authenticator_app_removed", "recovery_codes_made", "passkey_added",
    "passkey_removed", "council_account_linked", "council_account_expected", "council_account_unlinked", "signed_in_from_new_place", "passwords_turned_off", "passwords_turned_on", "access_token_made", "calendar_address_made",
    "checkpoint_made",
    "action_due_soon", "action_due_today", "action_overdue", "escalation_not_acknowledged",
    "escalation_passed_up", "re_audit_window_closing", "audit_not_shared", "moderation_due_soon", "moderation_overdue",
    "response_plan_due", "response_plan_overdue", "impact_re_check_due", "audit_stands_still", "mail_undelivered",
)  # fmt: skip
"""Events that no move of workflow.toml sends: the code names them."""
CLOCKS = (
    "allocated_audit_shared_by", "audit_not_shared_every_days", "escalation_acknowledged_working_days", "escalation_chased_every_days",
    "escalation_passed_up_working_days", "acknowledge_link_days", "response_plan_working_days", "response_plan_overdue_every_days",
    "moderation_working_days", "moderation_due_soon_working_days", "moderation_overdue_every_days", "action_due_soon_days",
    "action_overdue_every_days", "action_overdue_service_manager_working_days", "action_overdue_head_of_service_working_days",
    "impact_re_check_weeks", "re_audit_months", "re_audit_prompt_months_before", "re_audit_after_inadequate_months",
    "emergency_minutes", "reminders_gathered_at_hour", "many_audits_read_in_an_hour",
)  # fmt: skip
"""Every clock that the code reads."""
RECIPIENTS = ("told", "told_where_escalated", "told_where_the_grade_changed", "told_where_shared")
TEXTS = ("subject", "does")
KEYS = (*RECIPIENTS, *TEXTS, "urgent", "gathered", "leads_to", "of_account", "to_former_address", "needs")


def notification_faults(notifications: NotificationRules, rules: Rules) -> Iterator[str]:
    """An event that a move tells and that is missing here is a fault of the move: `workflow_faults` finds it."""
    known = {*SENT_BY_NAME, *_sent_by_moves(rules)}
    yield from (f"{FILE}: the event “{name}” is missing." for name in SENT_BY_NAME if name not in notifications.events)
    for name, event in notifications.events.items():
        if name not in known:
            yield f"{unknown(FILE, 'event', name, known)} Nothing sends it."
        yield from _event_faults(f"{FILE}, event {name}", event)
    yield from key_faults(f"{FILE}, clocks", notifications.clocks.values, CLOCKS, "clock")
    yield from notifications.clocks.faults(f"{FILE}, clocks")
    yield from notifications.selection.faults(f"{FILE}, moderation_selection")


def _sent_by_moves(rules: Rules) -> Collection[str]:
    moves = [move for track in rules.tracks for move in track.moves.values()]
    return {event for move in moves for event in (move.tells, move.tells_when_asked) if event}


def _event_faults(place: str, event: Mapping[str, Any]) -> Iterator[str]:
    yield from (unknown(place, "key", key, KEYS) for key in event if key not in KEYS)
    yield from (f"{place}: the key “{key}” is missing." for key in ("told", *TEXTS) if key not in event)
    for key in RECIPIENTS:
        yield from unknown_names(f"{place}, {key}", "recipient", event.get(key, ()), RELATIONS)
    yield from unknown_names(f"{place}, needs", "right", event.get("needs", ()), RIGHTS)
