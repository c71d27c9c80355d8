"""An audit without its case text: who, which state and what is left to do, but nothing that anybody wrote or judged."""

from dataclasses import replace

from workflow.models import Audit, Escalation, SmartAction


def remove_text(audit: Audit) -> Audit:
    return replace(
        audit,
        header=replace(audit.header, child_id=None, strand=None, audit_on=None),
        overall_grade=None,
        moderation_reason="",
        escalation=_wordless_escalation(audit.escalation) if audit.escalation else None,
        actions=tuple(remove_action_text(action) for action in audit.actions),
        sections={},
    )


def remove_action_text(action: SmartAction) -> SmartAction:
    return replace(action, text="", progress="", evidence="", note="", asked_reason="")


def _wordless_escalation(escalation: Escalation) -> Escalation:
    return replace(escalation, reason="", plan="", resolution="")
