"""For monitoring programs: is the process alive, is it ready, and its metrics for programs that hold the token."""

import hmac
from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from web.operations.metrics import Metrics
from web.request.context import current_council
from web.request.view_options import ViewOptions
from workflow.errors import NotFound
from workflow.storage.engine import DatabaseError
from workflow.storage.schema import NOT_PREPARED, schema_status

pages = ViewOptions(is_probe=True)(Blueprint("operating", __name__))


@pages.get("/health/live")
def live() -> Response:
    """The process answers. It checks nothing else, so that no process is restarted because the database is unavailable."""
    return jsonify({"status": "ok"})


@pages.get("/health/ready")
def ready() -> tuple[Response, HTTPStatus]:
    """503 where the database does not answer or lacks a migration of this version. A newer migration was applied ahead of an upgrade."""
    try:
        schema = schema_status(current_council().engine)
    except DatabaseError:
        return jsonify({"status": "down", "database": False}), HTTPStatus.SERVICE_UNAVAILABLE
    is_ready = schema not in NOT_PREPARED
    facts = {"status": "ok" if is_ready else "down", "database": True, "schema": schema}
    return jsonify(facts), HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE


@pages.get("/metrics")
def metrics() -> Response:
    """Raise NotFound without the right token, and also where no token is set, so that the two look the same."""
    token = current_council().settings.metrics_token
    given = request.headers.get("Authorization", "").encode()
    if not token or not hmac.compare_digest(given, f"Bearer {token}".encode()):
        raise NotFound
    metrics: Metrics = current_app.extensions["metrics"]
    return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)
