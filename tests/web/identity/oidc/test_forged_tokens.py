"""No forged response signs anybody in, and each gets the same sentence."""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import func, select

from tests.web.access_matrix.runner import table_digests
from tests.web.identity.oidc.fake_provider import CLIENT, COMES_BACK_TO, SECRET, Claims, Issuer, a_key, signed
from tests.web.identity.oidc.visitor import Visitor, answered
from web.identity.oidc.routes import SENTENCES
from workflow.storage import tables
from workflow.storage.engine import read_transaction


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode() if isinstance(value, dict) else value).rstrip(b"=").decode()


def _with_hmac(claims: Claims, secret: bytes) -> str:
    head = f"{_part({'alg': 'HS256', 'kid': 'first'})}.{_part(claims)}"
    return f"{head}.{_part(hmac.digest(secret, head.encode(), hashlib.sha256))}"


def _altered(claims: Claims) -> str:
    head, _, signature = signed(claims, a_key("first")).split(".")
    return f"{head}.{_part(claims | {'sub': 'another'})}.{signature}"


def _own_key_in_its_header(claims: Claims) -> str:
    key = ECKey.generate_key("P-256", {"kid": "first"})
    return jwt.encode({"alg": "ES256", "kid": "first", "jwk": key.as_dict(private=False)}, claims, key)


def _without(claims: Claims, name: str) -> Claims:
    return {key: value for key, value in claims.items() if key != name}


def _by_first(**changes: Any) -> Callable[[Claims], str]:
    return lambda claims: signed(claims | changes, a_key("first"))


def _by_first_without(name: str) -> Callable[[Claims], str]:
    return lambda claims: signed(_without(claims, name), a_key("first"))


NOW = int(time.time())
# In the future when this runs, however long other tests take.
TOMORROW = NOW + 86_400
TOKENS: dict[str, Callable[[Claims], Any]] = {
    "signed by another key of the same name": lambda claims: signed(claims, RSAKey.generate_key(2048, {"kid": "first"})),
    "signed by an unknown key": lambda claims: signed(claims, a_key("unknown")),
    "its own key in its header": _own_key_in_its_header,
    "altered after it was signed": _altered,
    "alg none": lambda claims: f"{_part({'alg': 'none', 'kid': 'first'})}.{_part(claims)}.",
    "alg none, signed all the same": lambda claims: ".".join(
        [_part({"alg": "none", "kid": "first"}), *signed(claims, a_key("first")).split(".")[1:]]
    ),
    "HS256 with the public key": lambda claims: _with_hmac(claims, a_key("first").as_pem(private=False)),
    "HS256 with the client’s secret": lambda claims: _with_hmac(claims, SECRET.encode()),
    "PS256, which is not agreed": lambda claims: jwt.encode({"alg": "PS256", "kid": "first"}, claims, a_key("first"), ["PS256"]),
    "ES256 with a key of the same name": lambda claims: jwt.encode(
        {"alg": "ES256", "kid": "first"}, claims, ECKey.generate_key("P-256", {"kid": "first"})
    ),
    "another issuer": _by_first(iss="https://login.example/other/v2.0"),
    "no issuer": _by_first_without("iss"),
    "for another client": _by_first(aud="another-client"),
    "for nobody": _by_first_without("aud"),
    "for two, not saying to whom": _by_first(aud=[CLIENT, "another-client"]),
    "azp of another": _by_first(azp="another-client"),
    "for two, azp of another": _by_first(aud=[CLIENT, "another-client"], azp="another-client"),
    "expired": _by_first(exp=NOW - 120),
    "never expires": _by_first_without("exp"),
    "expires in words": _by_first(exp="tomorrow"),
    "issued in the future": _by_first(iat=TOMORROW, exp=TOMORROW + 1200),
    "not valid yet": _by_first(nbf=TOMORROW),
    "issued at no time": _by_first_without("iat"),
    "wrong nonce": _by_first(nonce="another"),
    "no nonce": _by_first_without("nonce"),
    "no subject": _by_first_without("sub"),
    "an empty subject": _by_first(sub=""),
    "a subject that is a number": _by_first(sub=1),
    "a subject with NUL": _by_first(sub="a\0b"),
    "a hash of another access token": _by_first(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "a hash that is a list": _by_first(at_hash=[1]),
    "not a token at all": lambda _claims: "nothing",
    "a number for a token": lambda _claims: 12,
    "a token without claims": lambda _claims: jwt.encode({"alg": "RS256", "kid": "first"}, {}, a_key("first")),
}


def is_refused(app: Flask, visitor: Visitor, answer: Any) -> None:
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in?council=refused"), answer.headers["Location"]
    assert not visitor.is_signed_in
    page = visitor.reads(answer)
    summary = re.findall(r'<ul class="[^"]*error-summary__list">(.*?)</ul>', page, re.S)
    assert [re.sub(r"<[^>]+>", "", one).strip() for one in summary] == [SENTENCES["refused"]]
    assert "AADSTS" not in page
    with read_transaction(app.extensions["council"].engine) as connection:
        for table in (tables.sessions, tables.identities):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


@pytest.mark.parametrize("name", TOKENS)
def test_a_forged_token_is_refused(app: Flask, issuer: Issuer, visitor: Visitor, name: str, caplog: pytest.LogCaptureFixture) -> None:
    issuer.forge = TOKENS[name]
    is_refused(app, visitor, visitor.signs_in())
    assert "the ID token" in caplog.messages[-1]
    print(f"refused: {name} ({caplog.messages[-1].rpartition(': ')[2]})")
    issuer.forge = None
    assert visitor.signs_in().headers["Location"] == "/"
    assert visitor.is_signed_in


def _another_browsers(app: Flask, _issuer: Issuer, visitor: Visitor) -> dict[str, str]:
    visitor.leaves_for()
    return answered(Visitor(app).leaves_for())


def _a_used_state(app: Flask, _issuer: Issuer, visitor: Visitor) -> dict[str, str]:
    address = visitor.leaves_for()
    visitor.comes_back_with(state=answered(address)["state"], error="access_denied")
    return answered(address)


def _too_late(app: Flask, _issuer: Issuer, visitor: Visitor) -> dict[str, str]:
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=11)):
        return answered(visitor.leaves_for())


def _a_used_code(app: Flask, _issuer: Issuer, visitor: Visitor) -> dict[str, str]:
    other = Visitor(app)
    used = answered(other.leaves_for())
    # Somebody unknown to the service, so that nothing is linked here.
    _issuer.account = {"sub": "unknown"}
    other.comes_back_with(**used)
    _issuer.account = {"sub": "a-1", "email": "auditor@demo.example", "email_verified": True}
    return answered(visitor.leaves_for()) | {"code": used["code"]}


def _a_code_for_another_browser(app: Flask, _issuer: Issuer, visitor: Visitor) -> dict[str, str]:
    """A stolen code does not work without that browser’s verifier."""
    stolen = answered(Visitor(app).leaves_for())["code"]
    return answered(visitor.leaves_for()) | {"code": stolen}


def _a_code_of_another_client(app: Flask, issuer: Issuer, visitor: Visitor) -> dict[str, str]:
    return answered(visitor.leaves_for().replace(f"client_id={CLIENT}", "client_id=another-client"))


def _without_pkce(app: Flask, _issuer: Issuer, visitor: Visitor) -> dict[str, str]:
    return answered(re.sub(r"code_challenge=[^&]+", "code_challenge=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", visitor.leaves_for()))


ANSWERS: dict[str, Callable[[Flask, Issuer, Visitor], dict[str, str]]] = {
    "wrong state": lambda _app, _issuer, visitor: answered(visitor.leaves_for()) | {"state": "another"},
    "no state": lambda _app, _issuer, visitor: {"code": answered(visitor.leaves_for())["code"]},
    "a state of another browser": _another_browsers,
    "a state that was used": _a_used_state,
    "a state of eleven minutes ago": _too_late,
    "a code that was used": _a_used_code,
    "a code for another browser": _a_code_for_another_browser,
    "a code of another client": _a_code_of_another_client,
    "a code for another verifier": _without_pkce,
    "a made-up code": lambda _app, _issuer, visitor: answered(visitor.leaves_for()) | {"code": "made-up"},
    "no code": lambda _app, _issuer, visitor: {"state": answered(visitor.leaves_for())["state"]},
    "a code without end": lambda _app, _issuer, visitor: answered(visitor.leaves_for()) | {"code": "x" * 9000},
    "another issuer’s answer": lambda _app, _issuer, visitor: answered(visitor.leaves_for()) | {"iss": "https://login.example/other"},
    "an answer that names no issuer": lambda _app, _issuer, visitor: {
        name: value for name, value in answered(visitor.leaves_for()).items() if name != "iss"
    },
    "an error in the issuer’s words": lambda _app, _issuer, visitor: {
        **answered(visitor.leaves_for()), "error": "access_denied", "error_description": "AADSTS<script>",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_a_forged_response_is_refused(app: Flask, issuer: Issuer, visitor: Visitor, name: str, caplog: pytest.LogCaptureFixture) -> None:
    assert COMES_BACK_TO.endswith("/sign-in/council/answer")
    is_refused(app, visitor, visitor.comes_back_with(**ANSWERS[name](app, issuer, visitor)))
    print(f"refused: {name} ({caplog.messages[-1].rpartition(': ')[2]})")
    assert visitor.signs_in().headers["Location"] == "/"


def test_a_response_is_accepted_once(app: Flask, visitor: Visitor) -> None:
    given = answered(visitor.leaves_for())
    assert visitor.comes_back_with(**given).headers["Location"] == "/"
    assert visitor.comes_back_with(**given).headers["Location"].startswith("/sign-in?council=refused")
    assert Visitor(app).comes_back_with(**given).headers["Location"].startswith("/sign-in?council=refused")


def test_a_visitor_who_starts_to_sign_in_makes_no_row(app: Flask, issuer: Issuer, visitor: Visitor) -> None:
    before = table_digests(app.extensions["council"].engine)
    state = ""
    for _ in range(7):
        state = answered(visitor.leaves_for("/audits/abcd-efgh"))["state"]
        assert "abcd" not in state
        visitor.comes_back_with(state="another", code="made-up")
    visitor.comes_back_with(state=state, code="made-up")
    assert table_digests(app.extensions["council"].engine) == before
    cookie = visitor.client.get_cookie("session")
    assert cookie
    assert len(cookie.value) < 600
    content = app.session_interface.get_signing_serializer(app).loads(cookie.value)  # type: ignore[attr-defined]
    address = parse_qs(urlsplit(visitor.leaves_for()).query)
    assert not [word for name in ("nonce", "state") for word in address[name] if word in str(content)]


def test_two_tabs_both_sign_in_and_the_sixth_forgets_the_first(visitor: Visitor) -> None:
    tabs = [answered(visitor.leaves_for()) for _ in range(6)]
    assert visitor.comes_back_with(**tabs[0]).headers["Location"].startswith("/sign-in?council=refused")
    assert visitor.comes_back_with(**tabs[1], error="access_denied").headers["Location"].startswith("/sign-in?council=refused")
    assert visitor.comes_back_with(**tabs[2]).headers["Location"] == "/"


def test_ac35_an_earlier_cookie_uses_no_answer_twice(app: Flask, visitor: Visitor) -> None:
    given = answered(visitor.leaves_for())
    cookie = visitor.client.get_cookie("session")
    assert cookie
    assert visitor.comes_back_with(**given).headers["Location"] == "/"
    thief = Visitor(app)
    thief.client.set_cookie("session", cookie.value)
    assert thief.comes_back_with(**given).headers["Location"].startswith("/sign-in?council=refused")
    assert not thief.is_signed_in


def test_a_new_key_is_fetched_and_an_old_one_is_dropped(app: Flask, issuer: Issuer, visitor: Visitor) -> None:
    assert visitor.signs_in().headers["Location"] == "/"
    issuer.key = a_key("second")
    assert visitor.signs_in().headers["Location"] == "/"
    issuer.forge = lambda claims: signed(claims, a_key("first"))
    assert visitor.signs_in().headers["Location"].startswith("/sign-in?council=refused")
    assert issuer.asked.count("/keys") == 3
    assert issuer.asked.count("/.well-known/openid-configuration") == 1
