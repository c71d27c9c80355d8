"""Access tokens for tests that are about something else: nobody is notified of them, so that the outbox holds what is being tried."""

from sqlalchemy import delete

from web.council import Council
from web.identity.credentials.access_tokens import NewToken, create_token
from workflow.directory import Person
from workflow.storage.engine import write_transaction
from workflow.storage.tables import outbox


def untold_token(council: Council, person: Person, new: NewToken | None = None) -> str:
    token = create_token(council, person, new)
    with write_transaction(council.engine) as connection:
        connection.execute(delete(outbox).where(outbox.c.event == "access_token_made", outbox.c.recipient == person.id))
    return token
