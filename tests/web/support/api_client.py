"""Programs that call the JSON interface, each with its own token."""

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from notifications.scheduling.worker import run_once
from tests.support.untold_tokens import untold_token
from web.council import Council


class ApiClient:
    """Everybody’s token, the council, and the emails that the worker has sent."""

    def __init__(self, council: Council, client: FlaskClient) -> None:
        self.council, self.client = council, client
        self.tokens: dict[str, str] = {}
        self.read: set[Path] = set()

    def ok(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self.call(who, method, path, body, **headers)
        assert answer.status_code < 300, (who, path, answer.json)
        return answer.json

    def call(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {"Authorization": f"Bearer {self.token(who)}", **{key.replace("_", "-"): value for key, value in headers.items()}}
        return self.client.open(f"/api/v1{path}", method=method, json=body, headers=named)

    def token(self, who: str) -> str:
        if who not in self.tokens:
            person = self.council.store.directory().by_email(who)
            assert person, who
            self.tokens[who] = untold_token(self.council, person)
        return self.tokens[who]

    def put(self, who: str, reference: str, section: str, answers: Any) -> None:
        version = self.ok(who, "GET", f"/audits/{reference}")["version"]
        self.ok(who, "PUT", f"/audits/{reference}/sections/{section}", answers, If_Match=f'"{version}"')

    def move(self, who: str, reference: str, move: str, **more: Any) -> Any:
        return self.ok(who, "POST", f"/audits/{reference}/moves", {"move": move, **more})

    def emails(self) -> list[EmailMessage]:
        """Those sent since last asked."""
        run_once(self.council.worker_context, datetime.now(UTC))
        files = set((self.council.settings.data / "mail").glob("*.eml")) - self.read
        self.read |= files
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
