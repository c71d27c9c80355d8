"""The body of a request as JSON, stricter than Python: each key once, finite numbers, and limited nesting."""

import json
from typing import NoReturn

from werkzeug.exceptions import BadRequest

from workflow.errors import BadInput


def read_json(body: bytes) -> object:
    """Raise BadRequest for malformed JSON, BadInput for a repeated key."""
    try:
        return json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        # Also raised for a number with more digits than Python reads.
        raise BadRequest from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Raise BadInput for a repeated key: Python would silently drop one of the values."""
    read: dict[str, object] = {}
    for key, value in pairs:
        if key in read:
            raise BadInput.about(key[:40], "This is given twice.")
        read[key] = value
    return read
