"""The council’s OpenID Connect issuer: where it sends people, and what it vouches for. The only file that knows Authlib."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, KeySet
from requests import RequestException

from config.oidc import CouncilSignIn
from web.identity.oidc.errors import IssuerUnavailable, SignInRefused
from web.identity.oidc.http_client import BriefAdapter, within_seconds
from web.identity.oidc.pending_logins import PendingLogin

ALGORITHMS = ("RS256", "ES256")
KEPT_FOR, LEFT_ALONE_FOR = 600.0, 5.0
SECONDS_OF_SKEW = 60
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Issuer:
    """Keeps the issuer’s document and keys for some minutes. After a failure it is left alone for some seconds: its bad hour
    must not hold up whoever signs in by password.
    """

    def __init__(self, chosen: CouncilSignIn, comes_back_to: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.chosen, self.comes_back_to, self.clock = chosen, comes_back_to, clock
        self._kept: dict[str, tuple[Any, float]] = {}
        self._away_until = float("-inf")

    def authorization_url(self, attempt: PendingLogin) -> str:
        """The address that a visitor signs in at; raises IssuerAway."""
        if self.clock() < self._away_until:
            raise IssuerUnavailable("it was away a moment ago")
        try:
            return within_seconds(lambda: self._leads_to(attempt))
        except IssuerUnavailable:
            self._away_until = self.clock() + LEFT_ALONE_FOR
            raise

    def exchange_code(self, code: str, named: str | None, attempt: PendingLogin) -> Mapping[str, Any]:
        """The checked claims of whoever signed in; raises NotAccepted. `named` is who the answer says it comes from (RFC 9207)."""
        return within_seconds(lambda: self._vouches_for(code, named, attempt))

    def _leads_to(self, attempt: PendingLogin) -> str:
        client = self._client()
        address, _ = client.create_authorization_url(
            self._document()["authorization_endpoint"], state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier
        )
        return str(address)

    def _vouches_for(self, code: str, named: str | None, attempt: PendingLogin) -> Mapping[str, Any]:
        document = self._document()
        if named != self.chosen.issuer and (named is not None or document.get("authorization_response_iss_parameter_supported")):
            raise SignInRefused("the answer names another issuer")
        given = self._exchange(document, code, attempt)
        try:
            return self._checked(given, attempt.nonce)
        except (JoseError, *MALFORMED) as error:
            raise SignInRefused(f"the ID token: {type(error).__name__}") from None

    def _exchange(self, document: dict[str, Any], code: str, attempt: PendingLogin) -> dict[str, Any]:
        offered = document.get("token_endpoint_auth_methods_supported", ())
        client = self._client("client_secret_post" if "client_secret_post" in offered else "client_secret_basic")
        try:
            given: dict[str, Any] = client.fetch_token(
                document["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=attempt.verifier,
                redirect_uri=self.comes_back_to,
            )  # fmt: skip
        except AuthlibBaseError:
            raise SignInRefused("the code was not exchanged") from None
        except RequestException as error:
            raise IssuerUnavailable(type(error).__name__) from None
        except MALFORMED:
            raise IssuerUnavailable("its answer is garbage") from None
        return given

    def _checked(self, given: dict[str, Any], nonce: str) -> Mapping[str, Any]:
        token = self._verified(given["id_token"])
        options: dict[str, Any] = {
            "iss": {"essential": True, "value": self.chosen.issuer}, "aud": {"essential": True, "value": self.chosen.client_id},
        }  # fmt: skip
        params = {"nonce": nonce, "client_id": self.chosen.client_id, "access_token": given.get("access_token")}
        claims = CodeIDToken(token.claims, token.header, options, params)
        claims.validate(leeway=SECONDS_OF_SKEW)
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255 or not claims["sub"].isprintable():
            raise SignInRefused("the ID token: its subject")
        return dict(claims)

    def _verified(self, id_token: str) -> jwt.Token:
        """By a key the issuer has now: one that is not known yet is asked for, once."""
        try:
            return jwt.decode(id_token, self._keys(), ALGORITHMS)
        except InvalidKeyIdError:
            self._kept.pop("keys", None)
            return jwt.decode(id_token, self._keys(), ALGORITHMS)

    def _keys(self) -> KeySet:
        keys: KeySet = self._keep("keys", lambda: _signing_keys(self._json(self._document()["jwks_uri"])))
        return keys

    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = self._keep("document", self._discovered)
        return document

    def _discovered(self) -> dict[str, Any]:
        """Raise IssuerAway for a document that is not the issuer’s own, or sends anybody to an address that is not safe."""
        document = self._json(self.chosen.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if document.get("issuer") != self.chosen.issuer:
            raise IssuerUnavailable("its document is another issuer’s")
        if not all(self.chosen.may_be_asked_at(document.get(name)) for name in ENDPOINTS):
            raise IssuerUnavailable("its document names no safe address")
        return document

    def _keep(self, name: str, ask: Callable[[], Any]) -> Any:
        kept, until = self._kept.get(name, (None, float("-inf")))
        if self.clock() >= until:
            kept = ask()
            self._kept[name] = kept, self.clock() + KEPT_FOR
        return kept

    def _json(self, address: str) -> dict[str, Any]:
        try:
            answer = self._client().get(address, withhold_token=True)
            answer.raise_for_status()
            found = answer.json()
        except RequestException as error:
            raise IssuerUnavailable(type(error).__name__) from None
        except (ValueError, RecursionError):
            raise IssuerUnavailable("its answer is garbage") from None
        if not isinstance(found, dict):
            raise IssuerUnavailable("its answer is garbage")
        return found

    def _client(self, by: str = "client_secret_basic") -> Any:
        client = OAuth2Session(
            self.chosen.client_id, self.chosen.client_secret, by, scope="openid email profile", redirect_uri=self.comes_back_to,
            code_challenge_method="S256",
        )  # fmt: skip
        client.max_redirects = 0
        client.mount("https://", BriefAdapter())
        client.mount("http://", BriefAdapter())
        return client


def _signing_keys(found: dict[str, Any]) -> KeySet:
    """Those that could have signed an ID token; raises IssuerAway."""
    try:
        wanted = [key for key in found["keys"] if key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"]
        return KeySet([JWKRegistry.import_key(key) for key in wanted])
    except (JoseError, *MALFORMED):
        raise IssuerUnavailable("its keys are garbage") from None
