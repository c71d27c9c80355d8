"""Who reads many audits in an hour is told of once an hour: an account that somebody else got hold of reads more than anybody needs."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from workflow.directory import Directory
from workflow.events import Notice

WATCHERS = ("hos_ppqa", "governance")


def many_read(readers: Iterable[Any], now: datetime, directory: Directory) -> Iterator[Notice]:
    """To whoever watches over the service but the reader; to the QA inbox where that leaves nobody."""
    watchers: set[int] = {person.id for post in WATCHERS for person in directory.in_post(post)}
    for row in readers:
        key = f"many_read/{row.person_id or row.by_name[:100]}/{now:%Y-%m-%dT%H}"
        others: list[int | None] = [*sorted(watchers - {row.person_id})]
        yield from (Notice(key, "many_audits_read", watcher, "") for watcher in others or [None])
