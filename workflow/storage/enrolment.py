"""Enrolment codes: stored, and told to the person they are for, in one transaction."""

from datetime import datetime

from sqlalchemy import Connection

from workflow.storage import audit_writer
from workflow.storage.tables import enrolment_codes, outbox

EVENT = "enrolment_code_made"


def store_enrolment_code(connection: Connection, person_id: int, digest: str, at: datetime) -> None:
    audit_writer.upsert(connection, enrolment_codes, ("person_id",), [{"person_id": person_id, "digest": digest, "made_at": at}])
    once = audit_writer.insert_once_statement(connection.dialect.name, outbox, ("key", "recipient"))
    values = {"key": f"{EVENT}/{person_id}/{at.isoformat()}", "recipient": person_id, "event": EVENT, "reference": ""}
    connection.execute(once, values | audit_writer.new_outbox_values(at, at))
    audit_writer.call_worker(connection)
