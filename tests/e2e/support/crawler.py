"""Every page that anybody can reach by its links: opened by each person, each built otherwise than those before it."""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from random import Random
from typing import NamedTuple
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import NotFound

from tests.web.support.browser import Browser

DOORS = ("/", "/audits", "/notices", "/nowhere")
NUMBERS = re.compile(r"\d+|\b\w{4}-\w{4}\b")
# The same page as another, of another area, person or unit.
SAME_AS_OTHERS = r"/sections/area_([3-7]|9|1\d)|/people/(?!([1-3]|new)\b)\d+|/people/teams/(service|branch)/|/people\?cursor="
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
        if tag == "form":
            self.tags.add((tag, NUMBERS.sub("", its.get("action") or ""), None, None))


def crawl(app: Flask, names: Iterable[str], passed_by: str = "$^") -> Iterator[Found]:
    """Each page of each person, by their sign-in name; pages built of the same things come once. Links like `passed_by` are not followed."""
    return (found for found, _ in _built_differently(app, names, passed_by))


def crawl_sample(app: Flask, names: Iterable[str], chance: Random) -> list[Found]:
    """A part of them, in their order, with every page of the service and everything that any of them is built of."""
    every, shown, chosen = list(_built_differently(app, names, SAME_AS_OTHERS)), set[object](), set[int]()
    for at in chance.sample(range(len(every)), len(every)):
        found, tags = every[at]
        if not (things := {*tags, _endpoint(app, found.path)}) <= shown:
            shown |= things
            chosen.add(at)
    return [every[at][0] for at in sorted(chosen)]


def _built_differently(app: Flask, names: Iterable[str], passed_by: str) -> Iterator[tuple[Found, frozenset[Tag]]]:
    built: set[frozenset[Tag]] = set()
    for name in names:
        browser = Browser(app, name)
        for path, page in _reached(browser, re.compile(passed_by)):
            if (tags := frozenset(page.tags)) not in built:
                built.add(tags)
                yield Found(name, path), tags


def _endpoint(app: Flask, path: str) -> str:
    try:
        endpoint: str = app.url_map.bind("").match(urlsplit(path).path)[0]
    except NotFound:
        return ""
    return endpoint


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
