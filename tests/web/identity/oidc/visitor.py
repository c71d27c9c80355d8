"""A browser without scripts, in which somebody signs in with a council account."""

from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from flask import Flask
from werkzeug.test import TestResponse

from tests.web.support.browser import token_in


class Visitor:
    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def start(self, after: str = "") -> TestResponse:
        token = token_in(self.client.get("/sign-in").get_data(as_text=True))
        return self.client.post("/sign-in/council", data={"csrf_token": token, "next": after})

    def leaves_for(self, after: str = "") -> str:
        """Return the issuer’s address that the button leads to."""
        return self.start(after).headers["Refresh"].removeprefix("0; url=")

    def comes_back_with(self, **given: str) -> TestResponse:
        return self.client.get("/sign-in/council/answer?" + urlencode(given))

    def signs_in(self, after: str = "") -> TestResponse:
        return self.comes_back_with(**answered(self.leaves_for(after)))

    @property
    def is_signed_in(self) -> bool:
        return self.client.get("/notices").status_code == 200

    def reads(self, answer: TestResponse) -> str:
        return self.client.get(answer.headers["Location"]).get_data(as_text=True)


def answered(address: str) -> dict[str, str]:
    """Return what the issuer sends back through the browser."""
    response = requests.get(address, allow_redirects=False, timeout=5)
    assert response.status_code == 302, response.text
    return {name: values[0] for name, values in parse_qs(urlsplit(response.headers["Location"]).query).items()}
