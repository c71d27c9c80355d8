"""One audit’s life with a word of its own in every field: begun, refused, written, shared, moderated, closed, reopened, searched for."""

import itertools
from typing import Any

from flask import Flask

from tests.factories import FORM, answers
from tests.web.read_access.test_read_log import NEVER_WITH_THE_REST
from tests.web.support.api_client import ApiClient
from tests.web.support.browser import Browser
from tests.web.support.log_capture import Heard
from workflow.models import Audit

AUDITOR, QA, PPQA = "auditor@demo.example", "qa@demo.example", "hos.ppqa@demo.example"
OWNER, MODERATOR, HEAD = "practitioner@demo.example", "moderator@demo.example", "head.of.service@demo.example"
FIRST = 100
NUMBERS = itertools.count(FIRST)
DUE = {"due_on__day": "20", "due_on__month": "12", "due_on__year": "2026"}


def a_word() -> str:
    return f"Quillfeather{next(NUMBERS)}"


class Story:
    """One audit’s life, with everything that is answered on the way heard."""

    def __init__(self, app: Flask, caller: ApiClient) -> None:
        self.app, self.caller, self.heard = app, caller, Heard()
        self.child, self.reference = a_word(), ""
        self.browsers: dict[str, Browser] = {}

    def call(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.caller.call(who, method, path, body, **headers)
        self.heard.hear(f"{method} {path}", answer.headers, answer.get_data(as_text=True))
        return answer

    def page(self, who: str, path: str, **typed: Any) -> Any:
        browser = self.browser(who)
        answer = browser.post(path, **typed) if typed else browser.get(path)
        self.heard.hear(path, answer.headers, answer.get_data(as_text=True))
        return answer

    def does(self, who: str, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(who, method, path, body, **({"If_Match": self.shown_to(who)} if method == "PUT" else {}))
        assert answer.status_code < 300, (path, answer.json)
        return answer.json

    def move(self, who: str, move: str, **more: Any) -> None:
        self.does(who, "POST", f"/audits/{self.reference}/moves", {"move": move, **more})

    def browser(self, who: str) -> Browser:
        if who not in self.browsers:
            self.browsers[who] = Browser(self.app, who)
        return self.browsers[who]

    @property
    def audit(self) -> Audit:
        audit: Audit | None = self.app.extensions["council"].store.audit(self.reference)
        assert audit is not None
        return audit

    def shown_to(self, who: str) -> str:
        """The version that this person is shown: to a moderator who judges blind, another than is stored."""
        return f'"{self.caller.ok(who, "GET", f"/audits/{self.reference}")["version"]}"'

    @property
    def version(self) -> int:
        return self.audit.version


def begins(story: Story) -> None:
    story.reference = story.does(AUDITOR, "POST", "/audits", {"details": {**answers()["details"], "child_id": story.child}})["reference"]


def is_refused(story: Story) -> None:
    """Bad input, stale saves, too much, no version, no token of the page, nobody signed in: on both interfaces."""
    here, api = f"/audits/{story.reference}", f"/audits/{story.reference}/sections/summary"
    statuses = {
        story.call(AUDITOR, "PUT", api, {a_word(): a_word(), "case_summary": a_word()}, If_Match='"1"').status_code,
        story.call(AUDITOR, "PUT", api, {"case_summary": f"{a_word()}\x00"}, If_Match='"1"').status_code,
        story.call(AUDITOR, "PUT", api, {"case_summary": a_word()}).status_code,
        story.call(AUDITOR, "PUT", api, {"case_summary": a_word() * 200_000}, If_Match='"1"').status_code,
        story.call(AUDITOR, "POST", f"{here}/moves", {"move": a_word(), "reason": a_word()}, Idempotency_Key=a_word()).status_code,
        story.call(OWNER, "PUT", api, {"case_summary": a_word()}, If_Match='"1"').status_code,
    }
    assert story.page("auditor", f"{here}/sections/summary", seen=1, case_summary=a_word()).status_code == 303
    date = {"audit_date__day": a_word(), "audit_date__month": "2", "audit_date__year": "2026"}
    for path in (f"{here}/sections/details", f"{here}/sections/details/autosave"):
        statuses.add(story.page("auditor", path, seen=1, child_id=a_word(), **date).status_code)
    for path in (f"{here}/sections/summary", f"{here}/sections/summary/autosave"):
        statuses |= {story.page("auditor", path, seen=1, case_summary=a_word()).status_code,
                     story.page("auditor", path, seen=1, case_summary=a_word() * 200_000).status_code,
                     story.page("auditor", path, csrf_token="forged", case_summary=a_word()).status_code}  # fmt: skip
    story.page("auditor", f"{here}/moves/withdraw", reason=f"{a_word()}\x00")
    story.page("auditor", f"{here}/actions/new", text=a_word(), owner=a_word(), due_on__day=a_word())
    story.page("auditor2", "/emergencies", reference=story.child, reason=a_word())
    visitor = story.app.test_client().post(f"{here}/sections/summary", data={"case_summary": a_word()})
    story.heard.hear("a visitor’s save", visitor.headers, visitor.get_data(as_text=True))
    assert statuses == {400, 404, 409, 413, 422, 428}


def is_written(story: Story) -> None:
    """Every text of every section, by the program and then by the page."""
    here = f"/audits/{story.reference}"
    for section in (one for one in FORM.sections if one.part == "audit" and one.fields):
        texts = [one.key for one in section.fields if one.kind in {"text", "long_text"} and one.key not in NEVER_WITH_THE_REST]
        given = {**answers("inadequate").get(section.key, {}), **{key: a_word() for key in texts}}
        if section.key == "details":
            given["child_id"] = story.child
        story.does(AUDITOR, "PUT", f"{here}/sections/{section.key}", given)
    for _ in range(2):
        story.does(AUDITOR, "POST", f"{here}/actions", {"text": a_word(), "owner": OWNER, "due_on": "2026-12-20"})
    typed = {"seen": story.version, "grade": "inadequate", "evidence": a_word(), "impact": a_word()}
    assert story.page("auditor", f"{here}/sections/area_12", **typed).status_code == 303


def is_shared_and_moderated(story: Story) -> None:
    here, act = f"/audits/{story.reference}", f"/actions/{story.reference}"
    for move in ("record_consultation", "grade", "share"):
        story.move(AUDITOR, move)
    story.move(PPQA, "return_for_correction", reason=a_word())
    story.move(AUDITOR, "share")
    story.does(QA, "PUT", f"{here}/moderator", {"person": MODERATOR})
    judged = {"grade": "requires_improvement", "evidence": a_word(), "impact": a_word(), "difference_reason": a_word()}
    story.does(MODERATOR, "PUT", f"{here}/sections/moderation", judged)
    story.does(MODERATOR, "POST", f"{here}/actions", {"text": a_word(), "owner": OWNER, "due_on": "2026-12-20"})
    story.move(MODERATOR, "moderate")
    story.does(OWNER, "PATCH", f"{act}-1", {"progress": a_word(), "evidence": a_word()})
    story.page("practitioner", f"{here}/actions/1/progress", progress=a_word(), evidence=a_word())
    story.does(OWNER, "POST", f"{act}-2/moves", {"move": "ask_for_more_time", "due_on": "2027-01-20", "reason": a_word()})
    story.does(PPQA, "POST", f"{act}-2/moves", {"move": "refuse_more_time", "reason": a_word()})
    story.page("hos.ppqa", f"{here}/actions/2/moves/cancel", reason=a_word())


def is_closed(story: Story) -> None:
    here, act = f"/audits/{story.reference}", f"/actions/{story.reference}"
    for who in (HEAD, "director.safeguarding@demo.example", PPQA):
        story.does(who, "POST", f"{here}/escalation/moves", {"move": "acknowledge"})
    story.page("head.of.service", f"{here}/escalation/moves/plan", plan=a_word())
    story.does(PPQA, "POST", f"{here}/escalation/moves", {"move": "resolve", "reason": a_word()})
    story.does(HEAD, "POST", f"{act}-1/moves", {"move": "report"})
    story.does(PPQA, "POST", f"{act}-1/moves", {"move": "return", "reason": a_word()})
    for number in (action.number for action in story.audit.actions if action.state == "open"):
        story.does(HEAD, "POST", f"{act}-{number}/moves", {"move": "report"})
        story.does(PPQA, "POST", f"{act}-{number}/moves", {"move": "verify"})
    story.move(PPQA, "close_actions")
    story.page("hos.ppqa", f"{here}/moves/reopen", reason=a_word(), text=a_word(), owner=OWNER, **DUE)
    story.page("qa", f"{here}/moves/withdraw", reason=a_word())
    story.page("auditor2", "/emergencies", reference=story.reference, reason=a_word())
    story.page("hos.ppqa", "/emergencies/1/let-in", csrf="")


def is_looked_for(story: Story) -> None:
    for typed in (story.child, a_word(), f"{a_word()}\x00"):
        story.page("qa", "/audits/search", q=typed)
        story.call(QA, "POST", "/audits/search", {"q": typed})
    story.page("qa2", "/connections", child_id=story.child)
    story.page("qa2", "/connections", child_id=f"{a_word()}\x00")
