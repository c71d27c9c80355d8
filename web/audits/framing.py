"""What every page of an audit is given."""

from typing import Any

from web.signed_in import signed_in, the_desk
from workflow.commands.seeing import Seen, see
from workflow.errors import NotYours


def readable(reference: str) -> Seen:
    """What may be seen of an audit by somebody who may read it; raises NotYours for who may only know of it."""
    seen = see(the_desk(), signed_in(), reference)
    if not seen.reads_audit:
        raise NotYours("This audit is not yours to read now.")
    return seen


def framed(seen: Seen) -> dict[str, Any]:
    desk = the_desk()
    return {"seen": seen, "audit": seen.audit, "form": desk.form_of(seen.audit), "directory": desk.directory, "today": desk.today}
