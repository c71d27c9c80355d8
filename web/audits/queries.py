"""What was typed and not saved, as SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, delete, select

from workflow.storage.engine import reading, writing
from workflow.storage.saving import upsert
from workflow.storage.tables import unsaved


@dataclass(frozen=True, slots=True)
class Place:
    """One person’s writing in one section of one audit."""

    person_id: int
    reference: str
    section: str


def keep_typed(engine: Engine, place: Place, seen: int, typed: Mapping[str, str], at: datetime) -> None:
    values = {
        "person_id": place.person_id, "reference": place.reference, "section": place.section, "seen": seen, "typed": dict(typed), "at": at,
    }  # fmt: skip
    with writing(engine) as connection:
        upsert(connection, unsaved, ("person_id", "reference", "section"), [values])


def typed_at(engine: Engine, place: Place) -> Any:
    """A row of `seen`, `typed` and `at`, or None."""
    with reading(engine) as connection:
        return connection.execute(select(unsaved.c.seen, unsaved.c.typed, unsaved.c.at).where(_is(place))).first()


def drop_typed(engine: Engine, place: Place) -> None:
    with writing(engine) as connection:
        connection.execute(delete(unsaved).where(_is(place)))


def _is(place: Place) -> ColumnElement[bool]:
    return and_(unsaved.c.person_id == place.person_id, unsaved.c.reference == place.reference, unsaved.c.section == place.section)
