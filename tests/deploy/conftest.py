"""The front door, to know its routes."""

from tests.web.conftest import app

__all__ = ["app"]
