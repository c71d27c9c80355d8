"""Sentences about names in configuration files that the code does not know, and names that are missing from the files."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches


def unknown(place: str, kind: str, name: object, known: Collection[str]) -> str:
    """One sentence, with the nearest known name where there is one."""
    near = get_close_matches(str(name), known, 1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    return f"{place}: there is no {kind} “{name}”.{hint}"


def unknown_names(place: str, kind: str, names: object, known: Collection[str]) -> Iterator[str]:
    """A sentence for each of a list’s names that is not known, or one where it is no list of names."""
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        yield f"{place}: this must be a list of names."
        return
    yield from (unknown(place, kind, name, known) for name in names if name not in known)


def key_faults(place: str, keys: Collection[str], known: Collection[str], kind: str = "key") -> Iterator[str]:
    """A sentence for each key that nothing reads, and for each one that is missing."""
    yield from (unknown(place, kind, key, known) for key in keys if key not in known)
    yield from (f"{place}: the {kind} “{key}” is missing." for key in known if key not in keys)
