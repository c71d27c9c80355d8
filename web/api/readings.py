"""Who has read an audit, over JSON."""

from typing import Any

from web.api import answered, schemas
from web.api.asking import asker
from web.api.room import Room
from web.api.shown import email
from web.readings.queries import Sought, page_of_readings
from web.readings.routes import REFUSED
from web.signed_in import the_council, the_desk
from workflow.commands.seeing import see
from workflow.errors import NotYours
from workflow.storage.engine import reading
from workflow.storage.knowable import Reader

blueprint = Room("api_readings", "Who has read what")
Given = dict[str, Any]
NAMES = ("by_name", "edition", "version", "door", "what", "at")


@blueprint.get("/audits/<reference>/readings")
@blueprint.arguments(schemas.Filter(only=("cursor",)), location="query")
@blueprint.shown_to_some
@blueprint.response(200, answered.Readings)
def of_audit(given: Given, reference: str) -> Given:
    desk, who = the_desk(), asker()
    if "read_readings" not in see(desk, who, reference).may:
        raise NotYours(REFUSED)
    sought = Sought(reference=reference, cursor=given["cursor"])
    with reading(the_council().engine) as connection:
        rows, following = page_of_readings(connection, Reader(who, desk.directory, desk.permissions), sought)
    shown = [
        {**{name: getattr(row, name) for name in NAMES}, "by": email(desk.directory, row.person_id), "emergency": row.emergency_id}
        for row in rows
    ]
    return {"readings": shown, "next": following}
