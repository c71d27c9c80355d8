"""GOV.UK Notify, over one HTTPS connection that is reused (decision 31). It is sent the subject and text of the stored email."""

import base64
import hashlib
import hmac
import json
import select
import ssl
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import parse_qs, urlsplit

from notifications.channels import ChannelUnavailable, PermanentFailure, TemporaryFailure

API = "https://api.notifications.service.gov.uk"
SEND, TIMEOUT, MAX_ANSWER_BYTES = "/v2/notifications/email", 20, 1_000_000
CREATED, BAD_REQUEST, FORBIDDEN, TOO_MANY = 201, 400, 403, 429
ADVICE = {
    FORBIDDEN: "; check the key, and this machine’s clock",
    TOO_MANY: "; this service has reached a limit of GOV.UK Notify",
    BAD_REQUEST: "; check the template, trial mode and the kind of key",
}


class NotifyChannel:
    def __init__(self, url: str, api_key: str, timeout: float = TIMEOUT) -> None:
        """`url` is notify:<template id>, with ?api= for an address other than GOV.UK’s own."""
        parts = urlsplit(url)
        self.template = parts.path
        self.api = urlsplit(parse_qs(parts.query).get("api", [API])[0])
        self.timeout = timeout
        self._service, self._secret = api_key[-73:-37], api_key[-36:]
        self._connection: HTTPConnection | None = None

    def send(self, to: str, message_id: str, body: bytes) -> None:
        message = message_from_bytes(body, policy=policy.default)
        personalisation = {"subject": str(message["Subject"]), "body": _text(message)}
        request = {"email_address": to, "template_id": self.template, "personalisation": personalisation, "reference": message_id}
        try:
            status, answer = self._post(json.dumps(request).encode())
        except (HTTPException, OSError) as error:
            self.close()
            raise ChannelUnavailable(f"GOV.UK Notify can’t be reached: {type(error).__name__}") from error
        if status == BAD_REQUEST and _is_about_the_address(answer):
            raise PermanentFailure("GOV.UK Notify refused the address")
        if status != CREATED:
            raise TemporaryFailure(f"GOV.UK Notify answered {status}{ADVICE.get(status, '')}")

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _post(self, request: bytes) -> tuple[int, bytes]:
        connection = self._connected()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token(int(time.time()))}"}
        connection.request("POST", SEND, request, headers)
        response = connection.getresponse()
        return response.status, response.read(MAX_ANSWER_BYTES)

    def _connected(self) -> HTTPConnection:
        """Return the connection; open a new one if it was closed while idle. Nothing has been sent on it yet, so nothing is sent twice."""
        if self._connection is not None and _was_closed(self._connection):
            self.close()
        if self._connection is None:
            host, port = str(self.api.hostname), self.api.port
            if self.api.scheme == "https":
                self._connection = HTTPSConnection(host, port, timeout=self.timeout, context=ssl.create_default_context())
            else:
                self._connection = HTTPConnection(host, port, timeout=self.timeout)
        return self._connection

    def _token(self, at: int) -> str:
        """The JSON Web Token that Notify requires: the service and the time, signed with the key."""
        claims = ".".join(_part(part) for part in ({"typ": "JWT", "alg": "HS256"}, {"iss": self._service, "iat": at}))
        return f"{claims}.{_base64(hmac.digest(self._secret.encode(), claims.encode(), hashlib.sha256))}"


def _text(message: EmailMessage) -> str:
    plain = message.get_body(("plain",))
    assert plain is not None, "every email has a plain text part"
    return "\n".join(str(plain.get_content()).splitlines())


def _part(values: dict[str, Any]) -> str:
    return _base64(json.dumps(values, separators=(",", ":")).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _is_about_the_address(answer: bytes) -> bool:
    """Decide by the kind of error and the field it names: GOV.UK may change the rest of the message."""
    try:
        errors = json.loads(answer)["errors"]
        return any(one["error"] == "ValidationError" and "email_address" in one["message"] for one in errors)
    except (ValueError, KeyError, TypeError):
        return False


def _was_closed(connection: HTTPConnection) -> bool:
    """No data is expected between two requests: if there is something to read, it is the end of the stream."""
    return connection.sock is None or bool(select.select([connection.sock], [], [], 0)[0])
