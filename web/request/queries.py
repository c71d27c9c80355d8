"""Posted forms that were not saved, as SQL: each of one person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, select

from workflow.storage.audit_writer import upsert
from workflow.storage.engine import read_statement, write_transaction
from workflow.storage.tables import unsaved_forms

MOST_FORMS = 50
"""Of one person: the oldest go."""


def store_form(engine: Engine, values: dict[str, Any]) -> None:
    ours = unsaved_forms.c.person_id == values["person_id"]
    with write_transaction(engine) as connection:
        upsert(connection, unsaved_forms, ("person_id", "path", "opened"), [values])
        too_many = select(unsaved_forms.c.at).where(ours).order_by(unsaved_forms.c.at.desc()).offset(MOST_FORMS).limit(1)
        oldest = connection.execute(too_many).scalar()
        if oldest is not None:
            connection.execute(delete(unsaved_forms).where(ours, unsaved_forms.c.at <= oldest))


def forms_of_page(engine: Engine, person_id: int, page: str) -> Sequence[Any]:
    """The newest first."""
    ours = (unsaved_forms.c.person_id == person_id, unsaved_forms.c.page == page)
    with read_statement(engine) as connection:
        return connection.execute(select(unsaved_forms).where(*ours).order_by(unsaved_forms.c.at.desc())).all()


def pages_with_forms(engine: Engine, person_id: int) -> Sequence[tuple[str, datetime]]:
    """Where something waits to be put back, and since when."""
    query = select(unsaved_forms.c.page, unsaved_forms.c.at).where(unsaved_forms.c.person_id == person_id)
    with read_statement(engine) as connection:
        return [(row.page, row.at) for row in connection.execute(query.order_by(unsaved_forms.c.at.desc()))]


def delete_form(engine: Engine, person_id: int, path: str, opened: str) -> None:
    chosen = (unsaved_forms.c.person_id == person_id, unsaved_forms.c.path == path, unsaved_forms.c.opened == opened)
    with write_transaction(engine) as connection:
        connection.execute(delete(unsaved_forms).where(*chosen))
