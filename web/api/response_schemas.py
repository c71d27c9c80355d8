"""The answers to programs, as marshmallow schemas: the OpenAPI document is made from these."""

from typing import Any

from marshmallow import Schema, fields, validate


class ResponseSchema(Schema):
    """Every field is always present."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        field_obj.required = field_name not in getattr(self.Meta, "may_lack", ())


class Action(ResponseSchema):
    id = fields.String()
    section = fields.Integer()
    text = fields.String()
    owner = fields.String()
    due_on = fields.Date()
    earlier_due_dates = fields.List(fields.Date())
    state = fields.String()
    is_overdue = fields.Boolean()
    completed_on = fields.Date(allow_none=True)
    progress = fields.String()
    evidence = fields.String()
    note = fields.String()
    asked_due_on = fields.Date(allow_none=True)
    may = fields.List(fields.String())


def acknowledged_as() -> fields.String:
    return fields.String(
        allow_none=True,
        validate=validate.OneOf(["holder", "stand_in"]),
        metadata={"description": "As what, at that moment; null: not yet, or before this was stored"},
    )


class Recipient(ResponseSchema):
    post = fields.String()
    person = fields.String()
    stands_in = fields.Boolean()
    acknowledged_at = fields.DateTime(allow_none=True)
    acknowledged_by = fields.String(allow_none=True)
    acknowledged_as = acknowledged_as()


class Escalation(ResponseSchema):
    """Only `state`, if this person may not read the rest or there is no escalation."""

    class Meta:
        may_lack = ("source", "opened_at", "reason", "recipients", "plan", "resolution")

    state = fields.String(allow_none=True, metadata={"description": "null if this person may not know it yet"})
    source = fields.String(allow_none=True)
    opened_at = fields.DateTime(allow_none=True)
    reason = fields.String()
    recipients = fields.List(fields.Nested(Recipient))
    plan = fields.String()
    resolution = fields.String()


class Judgement(ResponseSchema):
    """A moderator’s own, as they first saved it whole."""

    by = fields.String(allow_none=True)
    at = fields.DateTime()
    is_blind = fields.Boolean(metadata={"description": "false if they had seen the overall grade before"})
    answers = fields.Dict()


class Audit(ResponseSchema):
    reference = fields.String()
    state = fields.String(allow_none=True)
    version = fields.Integer()
    edition = fields.Integer()
    sealed_edition = fields.Integer(
        allow_none=True, metadata={"description": "The edition whose text this is, where the present one is not shared"}
    )
    sealed_at = fields.DateTime(allow_none=True, metadata={"description": "When that edition was shared"})
    form = fields.String()
    auditor = fields.String(allow_none=True)
    moderator = fields.String(allow_none=True)
    people = fields.Dict(
        keys=fields.String(), values=fields.String(allow_none=True),
        metadata={"description": "Who holds the roles of the case now. The section `details` says who was named when it was shared."},
    )  # fmt: skip
    share_by = fields.Date(allow_none=True)
    shared_at = fields.DateTime(allow_none=True)
    overall_grade = fields.String(allow_none=True)
    sections = fields.Dict(keys=fields.String(), values=fields.Dict())
    actions = fields.List(fields.Nested(Action))
    judgements = fields.List(fields.Nested(Judgement))
    escalation = fields.Nested(Escalation)
    may = fields.List(fields.String())


class Summary(ResponseSchema):
    reference = fields.String()
    state = fields.String(allow_none=True)
    auditor = fields.String(allow_none=True)
    team = fields.String(allow_none=True)
    escalation = fields.String(allow_none=True)


class Page(ResponseSchema):
    audits = fields.List(fields.Nested(Summary))
    next = fields.String(allow_none=True)


class Place(ResponseSchema):
    section = fields.String()
    field = fields.String()
    message = fields.String()


class Offer(ResponseSchema):
    move = fields.String()
    title = fields.String()
    missing = fields.List(fields.Nested(Place))


class Offers(ResponseSchema):
    moves = fields.List(fields.Nested(Offer))


class HistoryRow(ResponseSchema):
    number = fields.Integer()
    move = fields.String()
    from_ = fields.String(data_key="from", allow_none=True)
    to = fields.String()
    escalation = fields.String()
    by = fields.String()
    by_name = fields.String()
    at = fields.DateTime()
    previous = fields.String()
    hash = fields.String()
    reason = fields.String(allow_none=True)


class History(ResponseSchema):
    rows = fields.List(fields.Nested(HistoryRow))


class Reading(ResponseSchema):
    by = fields.String(allow_none=True, metadata={"description": "null for the command line"})
    by_name = fields.String()
    edition = fields.Integer()
    version = fields.Integer()
    door = fields.String(metadata={"description": "page, json or export"})
    what = fields.String(metadata={"description": "The endpoint, and the key of a section or the number of an action"})
    at = fields.DateTime()
    emergency = fields.Integer(allow_none=True)


class Readings(ResponseSchema):
    readings = fields.List(fields.Nested(Reading))
    next = fields.String(allow_none=True)


class Notice(ResponseSchema):
    event = fields.String()
    subject = fields.String()
    reference = fields.String()
    action = fields.String(allow_none=True)
    due_on = fields.Date(allow_none=True)
    at = fields.DateTime()


class Notices(ResponseSchema):
    notices = fields.List(fields.Nested(Notice))
    next = fields.String(allow_none=True)


class Form(ResponseSchema):
    key = fields.String()
    version = fields.Integer()
    title = fields.String()
    sections = fields.List(fields.Dict())


class Health(ResponseSchema):
    class Meta:
        may_lack = (
            "worker_tick",
            "reminders_tick",
            "email_refused_since",
            "oldest_unsent_seconds",
            "bank_holidays_known_until",
            "bank_holidays_suffice",
        )

    status = fields.String(validate=validate.OneOf(["ok", "red", "down"]))
    database = fields.Boolean()
    worker_tick = fields.DateTime(allow_none=True)
    reminders_tick = fields.DateTime(allow_none=True)
    email_refused_since = fields.DateTime(allow_none=True, metadata={"description": "Where every email has been refused for 15 minutes"})
    oldest_unsent_seconds = fields.Integer()
    bank_holidays_known_until = fields.Date()
    bank_holidays_suffice = fields.Boolean()


class Problem(ResponseSchema):
    """RFC 9457; `missing` with a refused move, `errors` with bad input, `yours` and `theirs` with a stale save."""

    class Meta:
        may_lack = ("missing", "errors", "yours", "theirs", "version")

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    missing = fields.List(fields.Nested(Place))
    errors = fields.List(fields.Nested(Place))
    yours = fields.Dict(allow_none=True)
    theirs = fields.Dict(allow_none=True)
    version = fields.Integer(allow_none=True)


CASE_TEXT_SCHEMAS = {kind.__name__ for kind in (Audit, Action, Escalation, History)}
"""These schemas hold case text, which is shown only once the read is logged."""
