"""Asked by programs that watch: is the process there, is it of use, and its numbers for who holds the token."""

import hmac
from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST

from web.operations.metrics import Metrics
from web.request.context import current_council
from web.request.view_options import ViewOptions
from workflow.errors import NotFound
from workflow.storage.engine import DatabaseError
from workflow.storage.schema import schema_status

pages = ViewOptions(is_probe=True)(Blueprint("operating", __name__))


@pages.get("/health/live")
def live() -> Response:
    """The process answers. It asks nothing of anything else, so that a database that is away starts no process anew."""
    return jsonify({"status": "ok"})


@pages.get("/health/ready")
def ready() -> tuple[Response, HTTPStatus]:
    """503 where the database does not answer, or lacks a migration of this version. A newer one has been brought in beforehand."""
    try:
        schema = schema_status(current_council().engine)
    except DatabaseError:
        return jsonify({"status": "down", "database": False}), HTTPStatus.SERVICE_UNAVAILABLE
    is_ready = schema != "behind"
    facts = {"status": "ok" if is_ready else "down", "database": True, "schema": schema}
    return jsonify(facts), HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE


@pages.get("/metrics")
def metrics() -> Response:
    """Raises NotFound alike where there are none and for who may not read them."""
    token = current_council().settings.metrics_token
    given = request.headers.get("Authorization", "").encode()
    if not token or not hmac.compare_digest(given, f"Bearer {token}".encode()):
        raise NotFound
    counted: Metrics = current_app.extensions["metrics"]
    return Response(counted.text(), content_type=CONTENT_TYPE_LATEST)
