"""Once a day in production a checkpoint goes out by email, to the QA inbox and to governance, and nowhere else."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from notifications.context import WorkerContext
from notifications.scheduling.worker import run_once
from tests.factories import NOW, a_world, an_audit
from tests.notifications.support.smtp_server import SmtpServer
from web.cli.checkpoints import find_break_of_logs
from web.council import Council


@pytest.fixture
def production(context: WorkerContext) -> WorkerContext:
    return replace(context, settings=replace(context.settings, env="production"))


def checkpoints(server: SmtpServer) -> list[tuple[str, bytes]]:
    return [(to, body) for to, body in server.taken if b"\r\nSubject: Checkpoint" in body]


def test_each_day_one_checkpoint_goes_to_governance_and_the_qa_inbox(
    council: Council, production: WorkerContext, server: SmtpServer, tmp_path: Path
) -> None:
    reference = an_audit(a_world(council), "moderated")
    for hours in (0, 1, 24):
        run_once(production, NOW + timedelta(hours=hours))
    sent = checkpoints(server)
    assert sorted(to for to, _ in sent) == sorted(2 * ["qa.inbox@demo.example", "governance@demo.example"])
    for _, body in sent:
        assert reference.encode() not in body
        assert max(map(len, body.split(b"\r\n"))) < 998, "longer lines may be broken on the way"
    saved = tmp_path / "saved.eml"
    saved.write_bytes(b"".join(body for _, body in sent))
    assert find_break_of_logs(council, saved) == ""
    text = message_from_bytes(sent[0][1], policy=policy.default).get_content()
    print(text)
    # As a program for reading email saves it that breaks lines.
    saved.write_text("\n".join(text[start : start + 76] for start in range(0, len(text), 76)), encoding="utf-8")
    assert find_break_of_logs(council, saved) == ""
    an_audit(a_world(council), "draft")
    assert find_break_of_logs(council, saved) == ""


def test_a_checkpoint_that_waits_for_hours_is_still_sent(production: WorkerContext, server: SmtpServer) -> None:
    server.answers = lambda to, tries: "450 later"
    run_once(production, NOW)
    assert checkpoints(server) == []
    server.answers = lambda to, tries: None
    run_once(production, NOW + timedelta(hours=8))
    assert len(checkpoints(server)) == 2


def test_the_demo_sends_none(context: WorkerContext, server: SmtpServer) -> None:
    run_once(context, NOW)
    assert checkpoints(server) == []
