"""What the tests of proofs share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from time_machine import Traveller

from tests.factories import a_council, settings
from tests.support.bar_table import Bar
from tests.web.identity.oidc.conftest import with_issuer
from tests.web.identity.oidc.fake_provider import Issuer
from tests.web.support.tally import Tally
from web.app import create_app


@pytest.fixture
def tally(bar: Bar) -> Iterator[Tally]:
    made = Tally(bar, "A14")
    yield made
    assert made.is_done


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    started = Issuer()
    yield started
    started.stop()


@pytest.fixture
def app_with_issuer(tmp_path: Path, issuer: Issuer, clock: Traveller) -> Iterator[Flask]:
    """A council with an issuer, where governance needs a second factor."""
    a_council(tmp_path / "var").engine.dispose()
    made = create_app(settings(tmp_path / "var", MFA_ROLES="governance", **with_issuer(issuer.url)))
    made.testing = True
    yield made
    made.extensions["council"].engine.dispose()
