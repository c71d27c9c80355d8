"""Where the time of a POST of a move goes in the service, without its server: what is under way, looked at as `move_profile.py` does."""

from io import BytesIO
from types import FrameType
from typing import Any
from urllib.parse import urlencode

from werkzeug.test import create_environ

from bench.databases import Home
from bench.move_profile import Laid, profile
from bench.move_throughput import POSTGRESQL, SQLITE
from bench.post_servers import read_form, sign_in
from bench.result import Result

# By a function’s name, the outermost that is under way.
PARTS = {
    "make_audit_move": "the move", "open_session": "the session, read", "save_session": "the session, stored with its messages",
    "command_context": "who asks: the directory", "csrf_protect": "the form’s token",
}  # fmt: skip
BETWEEN = "Flask and what is asked of every request"


def profile_of_a_post() -> list[Result]:
    return [result for database in (SQLITE, POSTGRESQL) for result in profile(f"A POST of a move on {database}", database, _posting, _part)]


def _posting(home: Home) -> Laid:
    client, cookie = sign_in(home)

    def laid(references: list[str]) -> Any:
        body = urlencode(read_form(client)).encode()
        asked = [_request(f"/audits/{reference}/moves/share", body, cookie) for reference in references]
        return lambda: _answered(client.application, asked)

    return laid


def _request(path: str, body: bytes, cookie: str) -> dict[str, Any]:
    form = {"method": "POST", "content_type": "application/x-www-form-urlencoded", "content_length": len(body)}
    return create_environ(path, "http://127.0.0.1", input_stream=BytesIO(body), headers={"Cookie": cookie}, **form)


def _answered(app: Any, asked: list[dict[str, Any]]) -> None:
    said: list[str] = []
    for request in asked:
        b"".join(app(request, lambda status, _headers, *_more: said.append(status)))
    assert {status.partition(" ")[0] for status in said} == {"303"}, said


def _part(frame: FrameType | None) -> str:
    found = BETWEEN
    while frame is not None:
        found = PARTS.get(frame.f_code.co_name, found)
        frame = frame.f_back
    return found
