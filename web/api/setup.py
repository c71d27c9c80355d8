"""The JSON under /api/v1: a bearer token in, a command, JSON out. `openapi.json` is generated from these blueprints."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask
from flask_smorest import Api
from flask_wtf.csrf import CSRFProtect
from werkzeug.routing import Rule

from web.api import actions, audits, escalations, forms_and_notices, read_log, response_schemas
from web.api.openapi import Document, response_name
from web.operations.health import health
from web.request.errors import init_errors

PREFIX = "/api/v1"
SETTINGS = {
    "API_TITLE": "Practice Audit",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": PREFIX,
    "OPENAPI_JSON_PATH": "openapi.json",
}
BEARER = {"type": "http", "scheme": "bearer", "description": "A person’s access token, with a scope and an end"}
BLUEPRINTS = (audits.blueprint, actions.blueprint, forms_and_notices.blueprint, read_log.blueprint, escalations.blueprint)


class RestApi(Api):
    ERROR_SCHEMA = response_schemas.Problem
    # Each refusal is listed: a default response would allow any.
    DEFAULT_ERROR_RESPONSE_NAME = None


def init_api(app: Flask, csrf: CSRFProtect) -> None:
    app.config.update(SETTINGS)
    api = RestApi(app, spec_kwargs={"extra_plugins": [Document()]})
    api.spec.components.security_scheme("bearer", BEARER)
    api.spec.options["security"] = [{"bearer": []}]
    for room in BLUEPRINTS:
        # Cookies are ignored here, so there is nothing to forge.
        csrf.exempt(room)
        api.register_blueprint(room, url_prefix=PREFIX)
    app.add_url_rule(f"{PREFIX}/health", "api_health", health, methods=["GET"])
    _describe_open_call(
        api, _rule(app, "api-docs.openapi_json"), "This document", {200: {"type": "object"}, 400: response_name(HTTPStatus.BAD_REQUEST)}
    )
    _describe_open_call(
        api, _rule(app, "api_health"), "Is the service working?", {200: response_schemas.Health, 503: response_schemas.Health}
    )
    # Replaces flask-smorest’s error pages: ours give the same sentence as the pages.
    init_errors(app)


def _rule(app: Flask, endpoint: str) -> Rule:
    """Raise KeyError where there is no such endpoint."""
    return next(app.url_map.iter_rules(endpoint))


def _describe_open_call(api: Api, rule: Rule, summary: str, answers: Mapping[int, Any]) -> None:
    """A call that needs no token."""
    responses = {status: answer if isinstance(answer, str) else _json(HTTPStatus(status), answer) for status, answer in answers.items()}
    operation = {"summary": summary, "security": [], "responses": responses}
    api.spec.path(rule=rule, operations={"get": operation})


def _json(status: HTTPStatus, schema: Any) -> dict[str, Any]:
    return {"description": status.phrase, "content": {"application/json": {"schema": schema}}}
