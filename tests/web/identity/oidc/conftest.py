"""The web application of a council that has an issuer."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.factories import a_council
from tests.web.identity.oidc.fake_provider import CLIENT, SECRET, Issuer
from tests.web.identity.oidc.visitor import Visitor
from web.app import create_app

Opened = Callable[..., Flask]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    started = Issuer()
    yield started
    started.stop()


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """The application with these settings."""
    made: list[Flask] = []

    def _open(**more: str) -> Flask:
        council = a_council(tmp_path / f"var{len(made)}", **more)
        council.engine.dispose()
        app = create_app(council.settings)
        app.testing = True
        made.append(app)
        return app

    yield _open
    for app in made:
        app.extensions["council"].engine.dispose()


@pytest.fixture
def app(opened: Opened, issuer: Issuer) -> Flask:
    return opened(**with_issuer(issuer.url))


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def with_issuer(url: str) -> dict[str, str]:
    return {"OIDC_ISSUER": url, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": SECRET}
