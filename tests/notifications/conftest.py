"""What the tests of channels may ask for."""

from collections.abc import Iterator, Mapping

import pytest

from tests.notifications.rude_server import RudeServer
from tests.notifications.sending import Making


@pytest.fixture
def rude() -> Iterator[Making]:
    made: list[RudeServer] = []

    def make(says: Mapping[int, Mapping[str, str]]) -> RudeServer:
        made.append(RudeServer(says))
        return made[-1]

    yield make
    for server in made:
        server.stop()
