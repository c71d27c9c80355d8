"""The council’s OpenID Connect issuer: where people sign in, and the claims it confirms. The only file that imports Authlib."""

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
CACHED_FOR, NOT_RETRIED_FOR = 600.0, 5.0
SECONDS_OF_SKEW = 60
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Issuer:
    """Caches the issuer’s document and keys for some minutes. After a failure it is not asked again for some seconds, so that an
    outage of the issuer does not slow down people who sign in with a password.
    """

    def __init__(self, settings: CouncilSignIn, redirect_uri: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings, self.redirect_uri, self.clock = settings, redirect_uri, clock
        self._cache: dict[str, tuple[Any, float]] = {}
        self._unavailable_until = float("-inf")

    def authorization_url(self, attempt: PendingLogin) -> str:
        """The address that a visitor signs in at; raises IssuerUnavailable."""
        if self.clock() < self._unavailable_until:
            raise IssuerUnavailable("it did not answer a moment ago")
        try:
            return within_seconds(lambda: self._authorization_url(attempt))
        except IssuerUnavailable:
            self._unavailable_until = self.clock() + NOT_RETRIED_FOR
            raise

    def exchange_code(self, code: str, named: str | None, attempt: PendingLogin) -> Mapping[str, Any]:
        """Return the checked claims of the person who signed in; raises SignInRefused. `named` is the issuer that the response names (RFC 9207)."""
        return within_seconds(lambda: self._exchange_code(code, named, attempt))

    def _authorization_url(self, attempt: PendingLogin) -> str:
        client = self._client()
        address, _ = client.create_authorization_url(
            self._document()["authorization_endpoint"], state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier
        )
        return str(address)

    def _exchange_code(self, code: str, named: str | None, attempt: PendingLogin) -> Mapping[str, Any]:
        document = self._document()
        if named != self.settings.issuer and (named is not None or document.get("authorization_response_iss_parameter_supported")):
            raise SignInRefused("the response names another issuer")
        tokens = self._fetch_tokens(document, code, attempt)
        try:
            return self._checked_claims(tokens, attempt.nonce)
        except (JoseError, *MALFORMED) as error:
            raise SignInRefused(f"the ID token: {type(error).__name__}") from None

    def _fetch_tokens(self, document: dict[str, Any], code: str, attempt: PendingLogin) -> dict[str, Any]:
        offered = document.get("token_endpoint_auth_methods_supported", ())
        client = self._client("client_secret_post" if "client_secret_post" in offered else "client_secret_basic")
        try:
            tokens: dict[str, Any] = client.fetch_token(
                document["token_endpoint"], grant_type="authorization_code", code=code, code_verifier=attempt.verifier,
                redirect_uri=self.redirect_uri,
            )  # fmt: skip
        except AuthlibBaseError:
            raise SignInRefused("the code was not exchanged") from None
        except RequestException as error:
            raise IssuerUnavailable(type(error).__name__) from None
        except MALFORMED:
            raise IssuerUnavailable("its response can’t be read") from None
        return tokens

    def _checked_claims(self, tokens: dict[str, Any], nonce: str) -> Mapping[str, Any]:
        token = self._verified(tokens["id_token"])
        options: dict[str, Any] = {
            "iss": {"essential": True, "value": self.settings.issuer}, "aud": {"essential": True, "value": self.settings.client_id},
        }  # fmt: skip
        params = {"nonce": nonce, "client_id": self.settings.client_id, "access_token": tokens.get("access_token")}
        claims = CodeIDToken(token.claims, token.header, options, params)
        claims.validate(leeway=SECONDS_OF_SKEW)
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255 or not claims["sub"].isprintable():
            raise SignInRefused("the ID token: its subject")
        return dict(claims)

    def _verified(self, id_token: str) -> jwt.Token:
        """Verify the signature with a key of the issuer: an unknown key is fetched once."""
        try:
            return jwt.decode(id_token, self._keys(), ALGORITHMS)
        except InvalidKeyIdError:
            self._cache.pop("keys", None)
            return jwt.decode(id_token, self._keys(), ALGORITHMS)

    def _keys(self) -> KeySet:
        keys: KeySet = self._cached("keys", lambda: _signing_keys(self._json(self._document()["jwks_uri"])))
        return keys

    def _document(self) -> dict[str, Any]:
        document: dict[str, Any] = self._cached("document", self._discover)
        return document

    def _discover(self) -> dict[str, Any]:
        """Raise IssuerUnavailable for a document of another issuer, or with an address that is not safe."""
        document = self._json(self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if document.get("issuer") != self.settings.issuer:
            raise IssuerUnavailable("its document is another issuer’s")
        if not all(self.settings.may_be_requested(document.get(name)) for name in ENDPOINTS):
            raise IssuerUnavailable("its document names no safe address")
        return document

    def _cached(self, name: str, fetch: Callable[[], Any]) -> Any:
        value, until = self._cache.get(name, (None, float("-inf")))
        if self.clock() >= until:
            value = fetch()
            self._cache[name] = value, self.clock() + CACHED_FOR
        return value

    def _json(self, address: str) -> dict[str, Any]:
        try:
            answer = self._client().get(address, withhold_token=True)
            answer.raise_for_status()
            found = answer.json()
        except RequestException as error:
            raise IssuerUnavailable(type(error).__name__) from None
        except (ValueError, RecursionError):
            raise IssuerUnavailable("its response can’t be read") from None
        if not isinstance(found, dict):
            raise IssuerUnavailable("its response can’t be read")
        return found

    def _client(self, by: str = "client_secret_basic") -> Any:
        client = OAuth2Session(
            self.settings.client_id, self.settings.client_secret, by, scope="openid email profile", redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
        )  # fmt: skip
        client.max_redirects = 0
        client.mount("https://", BriefAdapter())
        client.mount("http://", BriefAdapter())
        return client


def _signing_keys(found: dict[str, Any]) -> KeySet:
    """Return the keys that can sign an ID token; raises IssuerUnavailable."""
    try:
        wanted = [key for key in found["keys"] if key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"]
        return KeySet([JWKRegistry.import_key(key) for key in wanted])
    except (JoseError, *MALFORMED):
        raise IssuerUnavailable("its keys can’t be read") from None
