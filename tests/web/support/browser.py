"""A browser without scripts: signs in, keeps its cookies, sends what a form would."""

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

PASSWORD = "correct horse"


class Browser:
    def __init__(self, app: Flask, name: str, agent: str = "") -> None:
        self.client = app.test_client()
        if agent:
            self.client.environ_base["HTTP_USER_AGENT"] = agent
        page = self.client.get("/sign-in").get_data(as_text=True)
        form = {"csrf_token": token_in(page), "email": f"{name}@demo.example", "password": PASSWORD}
        answer = self.client.post("/sign-in", data=form)
        assert answer.status_code == 302, (name, answer.status_code)
        self.token = token_in(self.client.get("/audits").get_data(as_text=True))

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def post(self, path: str, **typed: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **{name.replace("__", "-"): value for name, value in typed.items()}})


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found, "no token on the page"
    return found.group(1)


def text_of(page: str) -> str:
    """What a person reads, without its mark-up."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
