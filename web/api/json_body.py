"""The body of a request as JSON, stricter than Python: each key once, finite numbers, limited nesting, few values and no endless text."""

import json
import re
from typing import NoReturn

from werkzeug.exceptions import BadRequest

from workflow.errors import BadInput, TooLarge
from workflow.text_limits import ensure_workable
from workflow.validation import called

# Far above what any call reads.
MOST_LEVELS, MOST_VALUES = 20, 2_000
# Possessive, so that it never goes back; a text without an end is taken to the end of the body.
_TEXTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)


def read_json(body: bytes) -> object:
    """Raise BadRequest for malformed JSON, BadInput for a repeated key or too long a text, TooLarge for too many values."""
    _ensure_few_values(body)
    try:
        read = json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        # Also raised for a number with more digits than Python reads.
        raise BadRequest from None
    _ensure_workable(read)
    return read


def _ensure_few_values(body: bytes) -> None:
    """Raise TooLarge before they are read: reading a million empty lists would hold everybody up."""
    if body.count(b",") > MOST_VALUES and _TEXTS.sub(b"", body).count(b",") > MOST_VALUES:
        raise TooLarge


def _ensure_workable(body: object) -> None:
    left, number = [("", body, 0)], 0
    while left:
        name, value, depth = left.pop()
        number += 1
        if depth > MOST_LEVELS:
            raise BadRequest
        if number + len(left) > MOST_VALUES:
            raise TooLarge
        if isinstance(value, str):
            _ensure_text_is_workable(name, value)
        elif isinstance(value, dict):
            left += [pair for key, inner in value.items() for pair in ((key, key, depth + 1), (key, inner, depth + 1))]
        elif isinstance(value, list):
            left += [(name, inner, depth + 1) for inner in value]


def _ensure_text_is_workable(name: str, text: str) -> None:
    try:
        ensure_workable(text)
    except ValueError as error:
        raise BadInput.about(name[:40], f"{called(name[:40])}: {error}") from error


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
