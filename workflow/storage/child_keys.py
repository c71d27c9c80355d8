"""Fill in `audits.child_key` where a process of the release before wrote an audit: it knows no such column."""

from typing import Any

from sqlalchemy import Engine, Select, bindparam, or_, select, update

from workflow.child_ids import child_key
from workflow.storage.engine import read_transaction, write_transaction
from workflow.storage.tables import audits

BATCH = 500
# The ID of an audit that was shared no longer changes, or only by a move of this release.
STILL_WRITTEN = ("draft", "practitioner_consulted", "graded")
MAY_BE_STALE: Select[Any] = select(audits.c.id, audits.c.child_id, audits.c.child_key).where(
    audits.c.child_id.is_not(None), or_(audits.c.child_key.is_(None), audits.c.state.in_(STILL_WRITTEN))
)
# Only if the ID is still that one: a save of this release writes both.
FILL = (
    update(audits)
    .where(audits.c.id == bindparam("the_id"), audits.c.child_id == bindparam("of"))
    .values(child_key=bindparam("key", type_=audits.c.child_key.type))
)


def fill_child_keys(engine: Engine) -> int:
    """Return how many were missing or of another ID."""
    with read_transaction(engine) as connection:
        rows = connection.execute(MAY_BE_STALE).all()
    wrong = [{"the_id": row.id, "of": row.child_id, "key": key} for row in rows if (key := child_key(row.child_id)) != row.child_key]
    for start in range(0, len(wrong), BATCH):
        with write_transaction(engine) as connection:
            connection.execute(FILL, wrong[start : start + BATCH])
    return len(wrong)
