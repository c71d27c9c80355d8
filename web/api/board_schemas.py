"""The answers about the board of escalations."""

from marshmallow import fields, validate

from web.api.response_schemas import ResponseSchema, acknowledged_as


class Told(ResponseSchema):
    post = fields.String()
    person = fields.String(allow_none=True, metadata={"description": "Who answers for the post now, or acknowledged; null for nobody"})
    stands_in = fields.Boolean()
    state = fields.String(validate=validate.OneOf(["sent", "delivered", "seen", "acknowledged", "failed"]))
    is_overdue = fields.Boolean()
    sent_at = fields.DateTime(allow_none=True)
    delivered_at = fields.DateTime(allow_none=True, metadata={"description": "To the mail server"})
    seen_at = fields.DateTime(allow_none=True)
    acknowledged_at = fields.DateTime(allow_none=True)
    acknowledged_as = acknowledged_as()
    by_link = fields.Boolean()
    failed_because = fields.String(allow_none=True)
    due_on = fields.Date()
    chase_on = fields.Date()
    pass_up_on = fields.Date()
    next_up = fields.String(allow_none=True)
    passed_up_at = fields.DateTime(allow_none=True)


class Standing(ResponseSchema):
    reference = fields.String()
    team = fields.String(allow_none=True)
    state = fields.String()
    source = fields.String()
    opened_at = fields.DateTime()
    recipients = fields.List(fields.Nested(Told))
    plan_due_on = fields.Date()
    plan_at = fields.DateTime(allow_none=True)
    plan_by = fields.String(allow_none=True)
    resolved_at = fields.DateTime(allow_none=True)


class Counts(ResponseSchema):
    open = fields.Integer()
    acknowledged = fields.Integer()
    overdue = fields.Integer()
    failed = fields.Integer()
    is_more = fields.Boolean(metadata={"description": "More are overdue or failed than are counted"})


class Board(ResponseSchema):
    counts = fields.Nested(Counts)
    escalations = fields.List(fields.Nested(Standing))
    resolved_lately = fields.List(fields.Nested(Standing), metadata={"description": "On the first page"})
    next = fields.String(allow_none=True)
