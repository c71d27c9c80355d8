"""The requests of programs, as marshmallow schemas: unknown keys are refused, and the OpenAPI document is made from these."""

from marshmallow import RAISE, Schema, fields, validate

from workflow.commands.registry import ESCALATION_MOVES

Text = fields.String
ANSWERS = "A section’s answers by field, as the form defines them: text, true or false, dates like 2026-11-23, people by email."
SOMEBODY, SOME_DAY = "moderator@demo.example", "2026-12-20"


class Strict(Schema):
    class Meta:
        unknown = RAISE


class NewAudit(Strict):
    details = fields.Dict(keys=fields.String(), load_default=dict, metadata={"description": ANSWERS})
    auditor = fields.String(allow_none=True, load_default=None, metadata={"description": "An auditor’s email; for the QA Service"})


class NewAction(Strict):
    text = fields.String(required=True, metadata={"examples": ["Book the visit."]})
    owner = fields.String(required=True, metadata={"description": "The one person responsible, by email", "examples": [SOMEBODY]})
    due_on = fields.String(required=True, metadata={"format": "date", "examples": [SOME_DAY]})


class Move(Strict):
    move = fields.String(required=True, metadata={"examples": ["record_consultation", "share"]})
    reason = fields.String(load_default="", allow_none=True)
    actions = fields.List(fields.Nested(NewAction), load_default=list, metadata={"description": "New actions given with `reopen`"})


class Search(Strict):
    q = fields.String(load_default="", metadata={"description": "A reference or a child’s ID number, or the beginning of one"})
    state = fields.String(load_default=None, allow_none=True)
    team = fields.String(load_default=None, allow_none=True)
    cursor = fields.String(load_default=None, allow_none=True)


class Filter(Strict):
    state = fields.String(load_default="", metadata={"maxLength": 200})
    team = fields.String(load_default="", metadata={"maxLength": 200})
    cursor = fields.String(load_default="", metadata={"pattern": "^[0-9]{0,10}$", "description": "`next` of the page before"})


class Progress(Strict):
    progress = fields.String(load_default=None, allow_none=True)
    evidence = fields.String(load_default=None, allow_none=True)
    text = fields.String(load_default=None, metadata={"description": "The auditor’s rewording, before the owner is notified"})
    owner = fields.String(load_default=None)
    due_on = fields.String(load_default=None)


class ActionMove(Strict):
    move = fields.String(required=True, metadata={"examples": ["report", "verify"]})
    reason = fields.String(load_default="", allow_none=True)
    completed_on = fields.String(load_default=None, allow_none=True, metadata={"description": "With `report`; today where absent"})
    due_on = fields.String(load_default=None, allow_none=True, metadata={"description": "With `ask_for_more_time`"})


class EscalationMove(Strict):
    move = fields.String(required=True, validate=validate.OneOf(list(ESCALATION_MOVES)), metadata={"examples": ["acknowledge"]})
    plan = fields.String(load_default="", allow_none=True)
    reason = fields.String(load_default="", allow_none=True)


class SafeguardingUsed(Strict):
    used_on = fields.String(required=True, metadata={"format": "date"})
    used_time = fields.String(required=True, metadata={"description": "Like 14:05, in London"})
    told = fields.String(required=True, metadata={"description": "Who was notified"})


class Named(Strict):
    person = fields.String(required=True, metadata={"description": "An email address", "examples": [SOMEBODY]})


class Successor(Named):
    reason = fields.String(required=True, metadata={"examples": ["She has left the council."]})


class AnyAnswers(Schema):
    """The fields depend on the section: the command refuses an unknown one."""

    class Meta:
        unknown = "include"
