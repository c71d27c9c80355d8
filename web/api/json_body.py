"""The body of a request as JSON, stricter than Python: each key once, real numbers, and no more brackets than can be counted."""

import json
from typing import NoReturn

from werkzeug.exceptions import BadRequest

from workflow.errors import BadInput


def read_json(body: bytes) -> object:
    """Raise BadRequest for what is no JSON, BadInput for a key that stands there twice."""
    try:
        return json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        # Also a number of more digits than Python reads.
        raise BadRequest from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _each_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of two values one would be dropped without a word."""
    read: dict[str, object] = {}
    for key, value in pairs:
        if key in read:
            raise BadInput.about(key[:40], "This is given twice.")
        read[key] = value
    return read
