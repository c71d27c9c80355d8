"""A real OpenID Connect issuer on this machine: its own key, discovery, authorisation with PKCE, tokens. A test can make it forge them."""

import base64
import gzip
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET, COMES_BACK_TO = "practice-audit", "s3cret-of-the-council", "http://localhost/sign-in/council/answer"
Claims = dict[str, Any]


@cache
def a_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def signed(claims: Claims, key: RSAKey) -> str:
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_asked: object) -> None:
        """The client has disconnected."""


@dataclass
class Issuer:
    """`account` is the person at the browser; `forge` makes the ID token from the claims; `answers` replaces the response of a path."""

    key: RSAKey = field(default_factory=lambda: a_key("first"))
    account: Claims = field(default_factory=lambda: {"sub": "a-1", "email": "auditor@demo.example", "email_verified": True})
    forge: Callable[[Claims], Any] | None = None
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    document: Claims = field(default_factory=dict)
    hangs_at: set[str] = field(default_factory=set)
    drips_at: set[str] = field(default_factory=set)
    packs: bool = False
    sends_back_to: str = COMES_BACK_TO
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    may_go_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        issuer = self

        class Answering(BaseHTTPRequestHandler):
            wbufsize = -1  # one packet for each response

            def do_GET(self) -> None:
                issuer.answer(self)

            def do_POST(self) -> None:
                issuer.answer(self)

            def log_message(self, *_words: object) -> None:
                """Log nothing."""

        self.server = Server(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self.server.server_port}/tenant/v2.0"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.may_go_on.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        path = parts.path.removeprefix("/tenant/v2.0")
        self.asked.append(path)
        typed = request.rfile.read(int(request.headers.get("Content-Length", 0))).decode()
        given = {name: values[0] for name, values in parse_qs(parts.query or typed).items()}
        if path in self.hangs_at:
            self.may_go_on.wait(30)
        status, body = self.answers.get(path) or self._answer(path, given, request.headers.get("Authorization", ""))
        request.send_response(status)
        if self.packs and status == 200:
            body = gzip.compress(body)
            request.send_header("Content-Encoding", "gzip")
        request.send_header("Location" if status == 302 else "Content-Type", body.decode() if status == 302 else "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        self._write(request, body, slowly=path in self.drips_at)

    def _write(self, request: BaseHTTPRequestHandler, body: bytes, *, slowly: bool) -> None:
        for byte in body if slowly else ():
            request.wfile.write(bytes([byte]))
            request.wfile.flush()
            self.may_go_on.wait(0.5)
        request.wfile.write(b"" if slowly else body)

    def _answer(self, path: str, given: dict[str, str], authorization: str) -> tuple[int, bytes]:
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(self._document()).encode()
        if path == "/keys":
            return 200, json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()
        if path == "/authorize" and given["redirect_uri"] == COMES_BACK_TO and given["code_challenge_method"] == "S256":
            code = secrets.token_urlsafe(16)
            self.codes[code] = given
            return 302, f"{self.sends_back_to}?{urlencode({'code': code, 'state': given['state'], 'iss': self.url})}".encode()
        if path == "/token":
            return self._token(given, authorization)
        return 404, b"{}"

    def _document(self) -> Claims:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        places = {name: f"{self.url}/{place}" for name, place in names.items()}
        return {"issuer": self.url, **places, "authorization_response_iss_parameter_supported": True, **self.document}

    def _token(self, given: dict[str, str], authorization: str) -> tuple[int, bytes]:
        asked = self.codes.pop(given.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        is_known = authorization == expected or (given.get("client_id"), given.get("client_secret")) == (CLIENT, SECRET)
        if not asked or asked["client_id"] != CLIENT or asked["code_challenge"] != challenge or not is_known:
            return 400, b'{"error": "invalid_grant", "error_description": "AADSTS-words-of-the-issuer"}'
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "exp": now + 600, "iat": now, "nonce": asked["nonce"], **self.account}
        id_token = self.forge(claims) if self.forge else signed(claims, self.key)
        return 200, json.dumps({"access_token": "an-access-token", "token_type": "Bearer", "id_token": id_token}).encode()
