"""The parts of the OpenAPI document that no route lists: the refusals of each call, derived from its definition."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from apispec import APISpec, BasePlugin

from web.api import response_schemas
from web.request.idempotency import KEY_LENGTH
from workflow.commands.drafting import REFERENCE_LETTERS
from workflow.roles import CASE_ROLES

SAFE = {"get", "head", "options"}
WHY = {
    HTTPStatus.BAD_REQUEST: "The request can’t be understood, or its host name is not this service’s.",
    HTTPStatus.UNAUTHORIZED: "No access token, or one that has ended or was revoked.",
    HTTPStatus.FORBIDDEN: "This person may not do this, or the access token may only read.",
    HTTPStatus.NOT_FOUND: "It does not exist, or this person may not know of it: the answer is the same.",
    HTTPStatus.CONFLICT: "The present state does not allow it; or it has changed since the given version, with both texts if there are two.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is not JSON.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Something in the body is not valid, see `errors`; or the move is not possible yet, see `missing`.",
    HTTPStatus.PRECONDITION_REQUIRED: "The header If-Match is missing.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The read can’t be logged, so nothing is shown; or the database is unavailable or full, and Retry-After says when to ask again.",
}
ETAG = {"required": True, "schema": {"type": "string", "pattern": '^"[0-9]+"$'}, "description": "The audit’s version, for If-Match"}
LOCATION = {"required": True, "schema": {"type": "string", "format": "uri-reference"}}
IF_MATCH = {
    "in": "header", "name": "If-Match", "required": True, "schema": {"type": "string", "pattern": '^(W/)?"[0-9]{1,9}"$'},
    "description": "The ETag of the audit when it was read",
}  # fmt: skip
IDEMPOTENCY_KEY = {
    "in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "maxLength": KEY_LENGTH},
    "description": "The same key with the same request has one effect and one answer",
}  # fmt: skip
REFERENCE = f"[{REFERENCE_LETTERS}]{{4}}-[{REFERENCE_LETTERS}]{{4}}"
# A value of any other shape answers 404.
SHAPES = {
    "reference": f"^{REFERENCE}$",
    "action_id": f"^{REFERENCE}-[0-9]{{1,6}}$",
    "section": "^[a-z]+(_[a-z0-9]+)*$",
    "role": f"^({'|'.join(CASE_ROLES)})$",
}
# Refused before the call is reached, see `limits.py` and `blueprint.py`; health answers to any host name.
REFUSED_BEFORE_THE_VIEW = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
               HTTPStatus.SERVICE_UNAVAILABLE)  # fmt: skip


def response_name(status: HTTPStatus) -> str:
    return f"Refused{int(status)}"


class Document(BasePlugin):
    """Add the formats of the parameters to each path, and the refusals to each operation."""

    def init_spec(self, spec: APISpec) -> None:
        for status, why in WHY.items():
            answer = {"description": why, "content": {"application/problem+json": {"schema": response_schemas.Problem}}}
            if status is HTTPStatus.SERVICE_UNAVAILABLE:
                answer["headers"] = {"Retry-After": {"schema": {"type": "string", "pattern": "^[0-9]+$"}, "description": "Seconds"}}
            if status is HTTPStatus.UNAUTHORIZED:
                answer["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"const": "Bearer"}}}
            spec.components.response(response_name(status), answer)

    def path_helper(
        self, path: str | None = None, operations: Any = None, parameters: list[dict[str, Any]] | None = None, **kwargs: Any
    ) -> None:
        for parameter in parameters or ():
            parameter["schema"] = {"type": "string", "pattern": SHAPES[parameter["name"]]}

    def operation_helper(self, path: str | None = None, operations: dict[str, Any] | None = None, **kwargs: Any) -> None:
        for method, operation in (operations or {}).items():
            refused = {int(status): response_name(status) for status in _refusals(path or "", method, operation)}
            operation["responses"] = dict(sorted({**operation["responses"], **refused}.items()))


def _refusals(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[HTTPStatus]:
    yield from REFUSED_BEFORE_THE_VIEW if operation.get("security") != [] else ()
    sent = {parameter["name"] for parameter in operation.get("parameters", ())}
    is_safe, shows_words = method in SAFE, _schemas_answered(operation) & response_schemas.CASE_TEXT_SCHEMAS
    if not is_safe:
        yield HTTPStatus.FORBIDDEN
    if "{" in path:
        yield HTTPStatus.NOT_FOUND
    if sent or "requestBody" in operation:
        yield HTTPStatus.UNPROCESSABLE_ENTITY
    if not is_safe and (shows_words or HTTPStatus.NO_CONTENT in operation["responses"]):
        yield HTTPStatus.CONFLICT
    if "If-Match" in sent:
        yield HTTPStatus.PRECONDITION_REQUIRED


def _schemas_answered(operation: Mapping[str, Any]) -> set[str]:
    """Return the names of the schemas in its answers."""
    answers = [answer for answer in operation["responses"].values() if isinstance(answer, Mapping)]
    kinds = [kind["schema"] for answer in answers for kind in answer.get("content", {}).values()]
    return {kind["$ref"].rpartition("/")[2] for kind in kinds if "$ref" in kind}
