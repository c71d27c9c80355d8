"""What the web server does when it can’t begin."""

import socket

import pytest
from click.testing import CliRunner

from web.cli.main import main
from web.council import Council
from web.server import gunicorn_server


def test_a_port_that_is_in_use_is_refused_with_a_sentence(council: Council, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("PORT", str(port))
        monkeypatch.setenv("PRACTICE_AUDIT_DATA", str(council.settings.data))
        monkeypatch.setattr(gunicorn_server, "configure_logging", lambda **_: None)
        refused = CliRunner().invoke(main, ["serve"])
    assert (refused.exit_code, refused.stderr) == (
        1,
        f"HOST and PORT: 127.0.0.1:{port} can’t be used: choose another PORT, or stop the program that uses it.\n",
    )
