"""A server on this machine that answers as the API of GOV.UK Notify does, or as a test sets."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TEMPLATE = "0f2b6d1c-6c1e-4b7e-9a50-0d4c5f6a7b8c"
SERVICE, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
KEY = f"practice audit-{SERVICE}-{SECRET}"
MOST_SECONDS_OFF = 30
# Its answer instead of accepting an email: a status and one error, or “drop” and “hang” for no answer at all.
Refusal = tuple[int, str, str] | str | None


class NotifyServer:
    """`answers` gets an address and how often it was tried; `clock` is this server’s own."""

    def __init__(self) -> None:
        self.answers: Callable[[str, int], Refusal] = lambda to, tries: None
        self.clock = time.time
        self.taken: list[dict[str, Any]] = []
        self.tried: dict[str, int] = {}
        self.connections = 0
        self.closes_after_each = False
        self.stopping = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Ours", (Handler,), {"server_of_ours": self}))
        self.server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"notify:{TEMPLATE}?api=http://127.0.0.1:{self.server.server_port}"

    def start(self) -> None:
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()

    def take(self, asked: dict[str, Any], token: str) -> Refusal:
        """The order of Notify itself: who asks, then what is asked."""
        if refusal := self._of_the_token(token):
            return refusal
        to = asked["email_address"]
        self.tried[to] = self.tried.get(to, 0) + 1
        if asked["template_id"] != TEMPLATE:
            return 400, "BadRequestError", "Template not found"
        if missing := {"subject", "body"} - asked["personalisation"].keys():
            return 400, "BadRequestError", f"Missing personalisation: {', '.join(sorted(missing))}"
        if (refusal := self.answers(to, self.tried[to])) is None:
            self.taken.append(asked)
        return refusal

    def _of_the_token(self, token: str) -> Refusal:
        said, _, signature = token.removeprefix("Bearer ").rpartition(".")
        if not hmac.compare_digest(signature, _base64(hmac.digest(SECRET.encode(), said.encode(), hashlib.sha256))):
            return 403, "AuthError", "Invalid token: API key not found"
        header, claims = (json.loads(base64.urlsafe_b64decode(part + "==")) for part in said.split("."))
        if header != {"typ": "JWT", "alg": "HS256"} or claims["iss"] != SERVICE:
            return 403, "AuthError", "Invalid token: service not found"
        if abs(self.clock() - claims["iat"]) > MOST_SECONDS_OFF:
            return 403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds"
        return None


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


class Handler(BaseHTTPRequestHandler):
    """HTTP for the server that the class below it names."""

    protocol_version = "HTTP/1.1"
    server_of_ours: NotifyServer

    def setup(self) -> None:
        super().setup()
        self.server_of_ours.connections += 1

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v2/notifications/email" or self.headers["Content-Type"] != "application/json":
            self._answer(404, {"result": "error", "message": "Page not found"})
            return
        refusal = self.server_of_ours.take(asked, self.headers["Authorization"])
        if isinstance(refusal, str):
            self._say_nothing(refusal)
        elif refusal:
            status, kind, message = refusal
            self._answer(status, {"status_code": status, "errors": [{"error": kind, "message": message}]} if kind else {})
        else:
            self._answer(201, {"id": TEMPLATE, "reference": asked["reference"], "content": asked["personalisation"]})

    def _say_nothing(self, how: str) -> None:
        self.close_connection = True
        if how == "hang":
            self.server_of_ours.stopping.wait()

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        # Like a server that has waited long enough: it closes without a message.
        self.close_connection = self.close_connection or self.server_of_ours.closes_after_each

    def log_message(self, *_: object) -> None:
        pass
