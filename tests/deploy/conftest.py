"""The web application, for its routes."""

from tests.web.conftest import app

__all__ = ["app"]
