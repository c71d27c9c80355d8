"""Fixtures of the tests of emails."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from notifications.context import WorkerContext
from tests.notifications.support.misbehaving_smtp_server import MisbehavingSmtpServer
from tests.notifications.support.send_one import Making
from tests.notifications.support.smtp_server import SmtpServer
from web.council import Council


@pytest.fixture
def rude() -> Iterator[Making]:
    made: list[MisbehavingSmtpServer] = []

    def make(says: Mapping[int, Mapping[str, str]]) -> MisbehavingSmtpServer:
        made.append(MisbehavingSmtpServer(says))
        return made[-1]

    yield make
    for server in made:
        server.stop()


@pytest.fixture
def context(council: Council, server: SmtpServer) -> WorkerContext:
    """The worker context of a council whose emails go to the server."""
    return replace(council.worker_context, settings=replace(council.settings, mail_url=server.url))
