"""A new password that is on the list of common and breached ones is refused, decorated or not; a phrase of one's own is not."""

import secrets
import socket

import pytest
from flask import Flask

from tests.web.support.browser import PASSWORD, Browser, text_of
from web.identity.credentials.listed_passwords import LISTED as REFUSED
from web.identity.credentials.listed_passwords import is_listed_password
from web.identity.credentials.passwords import TOO_EASY

LISTED = (
    "password1234", "manchesterunited", "iloveyouforever", "correcthorsebatterystaple", "unbelievable", "thisisapassword", "trustno1trustno1",
    "Manchester United", "MANCHESTERUNITED", "manchesterunited1", "ManchesterUnited2026!", "!!manchesterunited", "  iloveyou forever ",
    "Correct Horse Battery Staple", "correct horse battery staple 7", "letmeinplease2024!",
)  # fmt: skip
OWN = ("four quiet herons wading", "amber-otter-juniper-slate-tern", "Kestrels über Wasser 7", "дом у старой реки", "x" * 12 + "é" * 80)


@pytest.mark.parametrize("password", LISTED)
def test_a_listed_password_is_found_however_it_is_decorated(password: str) -> None:
    assert is_listed_password(password)


def test_a_password_of_ones_own_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", None)
    assert [password for password in OWN if is_listed_password(password)] == []
    assert not any(is_listed_password(secrets.token_urlsafe(12)) for _ in range(50))


def test_ac36_a_stolen_list_of_passwords_opens_no_account(app: Flask) -> None:
    browser = Browser(app, "qa")
    for new, sentence in (("correcthorsebatterystaple", REFUSED), ("ManchesterUnited2026!", REFUSED), ("qa@demo.example", TOO_EASY)):
        answer = browser.post("/account/password", old=PASSWORD, new=new)
        assert answer.status_code == 422
        assert sentence in text_of(answer.get_data(as_text=True))
    assert browser.post("/account/password", old=PASSWORD, new=OWN[0]).status_code == 302
