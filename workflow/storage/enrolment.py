"""Enrolment codes: stored, and told to the person they are for, in one transaction."""

from datetime import datetime

from sqlalchemy import Connection

from workflow.storage import account_emails, audit_writer
from workflow.storage.tables import enrolment_codes

EVENT = "enrolment_code_made"


def store_enrolment_code(connection: Connection, person_id: int, digest: str, at: datetime) -> None:
    audit_writer.upsert(connection, enrolment_codes, ("person_id",), [{"person_id": person_id, "digest": digest, "made_at": at}])
    account_emails.enqueue(connection, EVENT, person_id, at)
