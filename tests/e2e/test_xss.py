"""Programs typed into every field of the service, and every page that shows them opened in a real browser: none runs."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page
from sqlalchemy import JSON, String, Text, select

from notifications.delivery.acknowledgement_links import AcknowledgementLink, make_token
from tests.e2e.support.crawler import SAME_AS_OTHERS, Found, crawl, crawl_sample
from tests.e2e.support.live_server import LiveServer
from tests.e2e.support.pages import follow
from tests.e2e.support.script_monitor import Watch
from tests.e2e.support.xss_council import add_everybody, fill, leave_unsaved
from tests.e2e.support.xss_payloads import everything, held_in, packed, payloads
from tests.factories import a_council
from tests.support.bar_table import Bar
from tests.support.coverage_sampling import chance
from tests.web.support.browser import Browser as Visitor
from web.council import Council
from web.directory.choices import paginate_people, search_people
from workflow.storage.engine import read_transaction
from workflow.storage.tables import metadata

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WHO = (
    "auditor", "practitioner", "moderator", "qa", "qa2", "head.of.service", "hos.ppqa", "governance", "admin", "auditor2",
)  # fmt: skip
# Columns of words that nobody outside writes as they like: keys, addresses of machines, hashes, and what our own files say.
NEVER_TYPED = {
    "accounts.totp", "passkeys.credential_id", "passkeys.transports", "recovery_codes.code", "actions.earlier_due_dates", "audits.picked_because", "definitions.text", "escalations.recipients", "expected_accounts.issuer", "expected_accounts.sign_in_name", "failures.slots", "history.facts", "identities.issuer",
    "identities.subject", "notices.key", "once.answer", "once.key", "outbox.detail", "outbox.key", "outbox.last_error", "outbox.message_id", "outbox.sent_to",
    "people.password_hash", "readings.what", "sessions.content", "sign_in_attempts.after", "sign_in_attempts.verifier", "unsaved_forms.opened",
}  # fmt: skip
SHORTEST = 100
"""Characters of a column that is looked at; a child’s ID is shorter, and in the answers too."""
# Files, a probe’s answer, and pages only for visitors, the council’s issuer or after a fresh proof. An email’s link is opened separately.
NO_PAGES = {
    "static", "council_css", "health", "sign_in.show", "council_sign_in.answer", "codes.show", "forgotten.show", "forgotten.choose",
    "second_proof.scan", "second_proof.picture", "acknowledging.show", "calendars.feed", "operating.live", "operating.ready",
    "operating.metrics", "passkeys.new",
}  # fmt: skip
FORM = "main form[method=post]:not([data-passkey])"
ASKED = """forms => forms.map(form =>
  [form.action, ...[...form.querySelectorAll("textarea, select, input:not([type=hidden], [type=checkbox])")].map(one => one.name).sort()])"""
FILLS = """(form, text) => {
  for (const field of form.elements) {
    if (field.matches("textarea, [type=text], [type=email], [type=password], input:not([type])")) field.value = text + "\\u0001";
    if (field.matches("[type=radio], [type=checkbox]")) { field.value = text; field.checked = true; }
    if (field.matches("select")) { field.add(new Option(text, text)); field.value = text; }
  }
}"""
NOWHERE = """/nowhere/{} /{} /audits/{} /audits/{}/sections/{} /audits/{}/moves/{} /people/{} /people/teams/{}/{} /people/teams/new/{} /static/{}
/audits?state={}&team={}&strand={}&grade={}&person={}&months={}&cursor={} /notices?cursor={} /people?q={}&cursor={} /readings?person={}&reference={}&cursor={}
/sign-in?next={}&kept={} /forgotten-password?email={} /new-password?token={} /emergencies?{}={} /api/v1/{} /api/v1/audits/{}"""


@pytest.fixture
def served(browser: Browser, tmp_path: Path) -> Iterator[LiveServer]:
    council = a_council(tmp_path / "var")
    started = LiveServer(browser, council.settings)
    yield started
    started.stop()
    council.engine.dispose()


class Watched:
    """Everybody’s page, watched."""

    def __init__(self, served: LiveServer) -> None:
        self.served, self.by_name, self.tried = served, dict[str, Watch](), set[str]()

    def __getitem__(self, name: str) -> Watch:
        if name not in self.by_name:
            self.by_name[name] = Watch(self.served.page(name))
        return self.by_name[name]

    @property
    def found(self) -> list[str]:
        return [one for watch in self.by_name.values() for one in watch.found]

    @property
    def looked(self) -> int:
        return sum(watch.looked for watch in self.by_name.values())


@pytest.mark.slow_because("a text that is shown as markup lets anybody act as whoever reads it")
def test_none_of_them_runs_on_a_sample_with_every_page(served: LiveServer, bar: Bar) -> None:
    by_chance = chance("xss")
    _none_runs(served, bar, lambda references: [*crawl_sample(served.app, WHO, by_chance), *by_chance.sample(_others(references), 6)])


@pytest.mark.long
def test_none_of_them_runs_on_any_page(served: LiveServer, bar: Bar) -> None:
    _none_runs(served, bar, lambda references: [*crawl(served.app, WHO, SAME_AS_OTHERS), *_others(references)])


def _none_runs(served: LiveServer, bar: Bar, crawled: Callable[[Mapping[str, str]], list[Found]]) -> None:
    references, watched = fill(served.council), Watched(served)
    leave_unsaved(Visitor(served.app, "auditor", agent=" ".join(packed(300)[0].split())), references["writing"])
    pages = crawled(references)
    add_everybody(served.council)
    pages += _pages_of_people(served.council)
    forms = sum(len(_opened(watched, name, path)) for name, path in pages)
    opened = watched.looked - forms
    _on_paper(served, watched["auditor"], references["escalated"])
    _conflict(served, watched["auditor"], references["writing"])
    addresses = sum(_addresses(served, watched))
    _by_an_emails_link(served, watched, references["escalated"])
    columns, never = _columns(served), _never_opened(served, pages)
    assert watched.found == []
    print(
        f"{len(payloads())} payloads in {len(columns)} columns of the database; nothing ran on {opened} pages, {forms} refused forms, {addresses} addresses"
    )
    print(f"{held_in(packed(200))} of them fit a name, {held_in(packed(100))} a token’s, {held_in(packed(40))} a child’s ID")
    assert never == set()
    bar("F2", wanted=500, seen=len(set(payloads())))
    assert len(set(payloads())) == len(payloads()) >= 500


def _others(references: Mapping[str, str]) -> list[Found]:
    """Those that were passed by: each section as it is written and as it is read."""
    each = (references["writing"], references["escalated"])
    return [Found("auditor", f"/audits/{reference}/sections/area_{number}") for reference in each for number in range(3, 12)]


def _pages_of_people(council: Council) -> list[Found]:
    """Everybody’s name; and duties without a holder, to which My work links where there are any."""
    directory, pages = council.store.directory(), [Found("qa", "/duties"), Found("admin", "/people")]
    people, following = search_people(directory, ""), paginate_people(directory, search_people(directory, ""), None)[1]
    while following:
        pages.append(Found("admin", f"/people?cursor={following}"))
        following = paginate_people(directory, people, following)[1]
    return pages


def _opened(watched: Watched, name: str, path: str) -> list[str]:
    """Looks at a page, and at what each of its forms answers that was not tried before."""
    watch, url, tried = watched[name], watched.served.url + path, list[str]()
    watch.goes(url)
    for number, asks in enumerate(_forms(watch.page)):
        if asks and asks not in watched.tried:
            if tried:
                watch.page.goto(url)
            tried.append(asks)
            watched.tried.add(asks)
            _is_refused(watch, watch.page.locator(FORM).nth(number))
    return tried


def _forms(page: Page) -> list[str]:
    """What each form asks and for what, to tell it from others; nothing where it only has a button and boxes to tick."""
    forms: list[list[str]] = page.locator(FORM).evaluate_all(ASKED)
    return [re.sub(r"\d+|/audits/\S{4}-\S{4}/", "", urlsplit(to).path) + " ".join(names) if names else "" for to, *names in forms]


def _is_refused(watch: Watch, form: Locator) -> None:
    """With programs in all its fields, and a letter that is never taken."""
    folded = form.locator("xpath=ancestor::details[not(@open)]/summary")
    if folded.count():
        folded.click()
    form.evaluate(FILLS, everything(1))
    follow(form.locator("button:not([type=button])").first)
    watch.page.get_by_role("heading", name="There is a problem").wait_for()
    watch.look()


def _on_paper(served: LiveServer, watch: Watch, reference: str) -> None:
    watch.page.emulate_media(media="print")
    watch.goes(f"{served.url}/audits/{reference}/read")
    watch.page.emulate_media(media="screen")


def _conflict(served: LiveServer, watch: Watch, reference: str) -> None:
    """Both texts side by side, after the page’s own script has tried."""
    watch.goes(f"{served.url}/audits/{reference}/sections/area_2")
    form = watch.page.locator(FORM).first
    form.locator("[name=seen]").evaluate("field => field.value = 1")
    form.locator("[name=evidence]").evaluate("(field, text) => field.value = text", everything(3))
    follow(form.locator("button[value=back]"))
    watch.page.get_by_role("heading", name="Your version, not saved").wait_for()
    watch.look()


def _addresses(served: LiveServer, watched: Watched) -> Iterator[bool]:
    """Places that are nowhere, and questions asked in an address, by somebody signed in and by a visitor."""
    visitor = watched.by_name["a visitor"] = Watch(served.browser.new_page())
    nowhere = NOWHERE.split()
    some = [text for text in payloads() if "\n" not in text][:: len(payloads()) // (2 * len(nowhere) + 2)]
    for at, pattern in enumerate(nowhere):
        for watch, text in ((watched["hos.ppqa"], some[2 * at]), (visitor, some[2 * at + 1])):
            watch.page.goto(served.url + pattern.replace("{}", quote(text, safe="")))
            if watch.page.evaluate("document.contentType") == "text/html":
                watch.look()
            yield True
    visitor.page.context.close()


def _by_an_emails_link(served: LiveServer, watched: Watched, reference: str) -> None:
    """Opened by a visitor, who is shown a name."""
    held = served.council.store.audit(reference)
    assert held
    assert held.escalation
    waits = next(one for one in held.escalation.recipients if one.acknowledged_at is None)
    link = AcknowledgementLink(reference, waits.person_id, is_chase=False, made_at=datetime.now(UTC))
    visitor = watched.by_name["a visitor with a link"] = Watch(served.browser.new_page())
    visitor.goes(f"{served.url}/acknowledge?token={make_token(link, served.council.settings)}")
    visitor.page.get_by_role("heading", name="Acknowledge an escalation").wait_for()
    visitor.page.context.close()


def _columns(served: LiveServer) -> list[str]:
    """Those of words that hold a payload: each does, or is named as one that nobody outside writes as they like."""
    held = list[str]()
    with read_transaction(served.council.engine) as connection:
        for column in (column for table in metadata.sorted_tables for column in table.columns):
            is_long = isinstance(column.type, Text | JSON) or (isinstance(column.type, String) and (column.type.length or 0) >= SHORTEST)
            if not is_long or str(column) in NEVER_TYPED:
                continue
            assert any("ran(" in json.dumps(value) for value in connection.execute(select(column)).scalars()), f"{column} holds no payload"
            held.append(str(column))
    return held


def _never_opened(served: LiveServer, pages: list[Found]) -> set[str]:
    """The rules of pages, but for what a program asks."""
    rules = [rule for rule in served.app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/")]
    found = {
        served.app.url_map.bind("").match(path.partition("?")[0].partition("#")[0])[0] for _, path in pages if path not in {"/nowhere"}
    }
    return {rule.rule for rule in rules if rule.endpoint not in found | NO_PAGES}
