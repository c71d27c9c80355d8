"""The JSON under /api/v1: a bearer token in, a command, JSON out. `openapi.json` is made from what stands here."""

from flask import Flask
from flask_smorest import Api
from flask_wtf.csrf import CSRFProtect

from web.api import actions, audits, council, escalations, readings
from web.errors import init_errors
from web.health import health

PREFIX = "/api/v1"
SETTINGS = {
    "API_TITLE": "Practice Audit",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": PREFIX,
    "OPENAPI_JSON_PATH": "openapi.json",
}
BEARER = {"type": "http", "scheme": "bearer"}
ROOMS = (audits.blueprint, actions.blueprint, council.blueprint, readings.blueprint, escalations.blueprint)


def init_api(app: Flask, csrf: CSRFProtect) -> None:
    app.config.update(SETTINGS)
    api = Api(app)
    api.spec.components.security_scheme("bearer", BEARER)
    api.spec.options["security"] = [{"bearer": []}]
    for room in ROOMS:
        # No cookie is looked at here, so there is nothing to forge.
        csrf.exempt(room)
        api.register_blueprint(room, url_prefix=PREFIX)
    app.add_url_rule(f"{PREFIX}/health", "api_health", health, methods=["GET"])
    # flask-smorest brings its own error pages; ours say the same sentence at every door.
    init_errors(app)
