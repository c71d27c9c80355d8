"""Every page that anybody can reach by its links: opened by each person, each built otherwise than those before it."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from typing import NamedTuple

from flask import Flask

from tests.web.support.browser import Browser

DOORS = ("/", "/audits", "/notices", "/nowhere")
Tag = tuple[str, str | None, str | None, str | None]


class Found(NamedTuple):
    name: str
    path: str


class _Page(HTMLParser):
    """Its links, and its structure: tags by class, kind and field, without their text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.tags: set[Tag] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        its = dict(attrs)
        self.links.add(its.get("href") or "")
        self.tags.add((tag, its.get("class"), its.get("type"), its.get("name")))


def crawl(app: Flask, names: Iterable[str], passed_by: str = "$^") -> Iterator[Found]:
    """Each page of each person, by their sign-in name; pages built of the same things come once. Links like `passed_by` are not followed."""
    built: set[frozenset[Tag]] = set()
    for name in names:
        browser = Browser(app, name)
        for path, page in _reached(browser, re.compile(passed_by)):
            if (tags := frozenset(page.tags)) not in built:
                built.add(tags)
                yield Found(name, path)


def _reached(browser: Browser, passed_by: re.Pattern[str]) -> Iterator[tuple[str, _Page]]:
    waiting, seen = list(DOORS), set(DOORS)
    while waiting:
        path = waiting.pop(0)
        answer = browser.get(path)
        if answer.mimetype == "text/html":
            page = _Page(answer.get_data(as_text=True))
            yield path, page
            more = sorted(
                link for link in page.links - seen if link.startswith("/") and not (link.startswith("/static/") or passed_by.search(link))
            )
            waiting += more
            seen.update(more)
