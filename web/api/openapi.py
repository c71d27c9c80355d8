"""What the OpenAPI document tells that no route lists: with what a call may be refused, read off what it says of itself."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from apispec import APISpec, BasePlugin

from web.api import response_schemas
from web.request.idempotency import KEY_LENGTH
from workflow.commands.drafting import REFERENCE_LETTERS

SAFE = {"get", "head", "options"}
WHY = {
    HTTPStatus.BAD_REQUEST: "The request can’t be understood, or was sent to another name than the service has.",
    HTTPStatus.UNAUTHORIZED: "No access token, or one that is worth nothing any more.",
    HTTPStatus.FORBIDDEN: "Not theirs to do, or not by an access token that only reads.",
    HTTPStatus.NOT_FOUND: "Not there, or nothing that they may know of: the answer is the same.",
    HTTPStatus.CONFLICT: "Not from the state it is in; or changed since it was seen, with both texts where there are two.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "More than is taken at once.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is no JSON.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Something in what was sent can’t be taken, said in `errors`; or a move still lacks what is said in `missing`.",
    HTTPStatus.PRECONDITION_REQUIRED: "The version that was seen is not said in If-Match.",
    HTTPStatus.SERVICE_UNAVAILABLE: "It can’t be noted who reads it, so it is not shown; or the database is away or full, and when to ask again is in Retry-After.",
}
ETAG = {"required": True, "schema": {"type": "string", "pattern": '^"[0-9]+"$'}, "description": "The audit’s version, as If-Match takes it"}
LOCATION = {"required": True, "schema": {"type": "string", "format": "uri-reference"}}
IF_MATCH = {
    "in": "header", "name": "If-Match", "required": True, "schema": {"type": "string", "pattern": '^(W/)?"[0-9]{1,9}"$'},
    "description": "The ETag of the audit as it was seen",
}  # fmt: skip
IDEMPOTENCY_KEY = {
    "in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "maxLength": KEY_LENGTH},
    "description": "Sent again with the same request, it has one effect and one answer",
}  # fmt: skip
REFERENCE = f"[{REFERENCE_LETTERS}]{{4}}-[{REFERENCE_LETTERS}]{{4}}"
# What is not of this shape is nothing that anybody may know of.
SHAPES = {"reference": f"^{REFERENCE}$", "action_id": f"^{REFERENCE}-[0-9]{{1,6}}$", "section": "^[a-z]+(_[a-z0-9]+)*$"}
# Before a call is looked at, see `limits.py` and `room.py`; health is asked by any name.
AT_THE_DOOR = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
               HTTPStatus.SERVICE_UNAVAILABLE)  # fmt: skip


def named(status: HTTPStatus) -> str:
    return f"Refused{int(status)}"


class Document(BasePlugin):
    """Adds to each path the shapes of the names in it, and to each operation its refusals."""

    def init_spec(self, spec: APISpec) -> None:
        for status, why in WHY.items():
            answer = {"description": why, "content": {"application/problem+json": {"schema": response_schemas.Problem}}}
            if status is HTTPStatus.SERVICE_UNAVAILABLE:
                answer["headers"] = {"Retry-After": {"schema": {"type": "string", "pattern": "^[0-9]+$"}, "description": "Seconds"}}
            if status is HTTPStatus.UNAUTHORIZED:
                answer["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"const": "Bearer"}}}
            spec.components.response(named(status), answer)

    def path_helper(
        self, path: str | None = None, operations: Any = None, parameters: list[dict[str, Any]] | None = None, **kwargs: Any
    ) -> None:
        for parameter in parameters or ():
            parameter["schema"] = {"type": "string", "pattern": SHAPES[parameter["name"]]}

    def operation_helper(self, path: str | None = None, operations: dict[str, Any] | None = None, **kwargs: Any) -> None:
        for method, operation in (operations or {}).items():
            refused = {int(status): named(status) for status in _refusals(path or "", method, operation)}
            operation["responses"] = dict(sorted({**operation["responses"], **refused}.items()))


def _refusals(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[HTTPStatus]:
    yield from AT_THE_DOOR if operation.get("security") != [] else ()
    sent = {parameter["name"] for parameter in operation.get("parameters", ())}
    is_safe, shows_words = method in SAFE, _answered(operation) & response_schemas.WORDS
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


def _answered(operation: Mapping[str, Any]) -> set[str]:
    """The names of the schemas it answers with."""
    answers = [answer for answer in operation["responses"].values() if isinstance(answer, Mapping)]
    kinds = [kind["schema"] for answer in answers for kind in answer.get("content", {}).values()]
    return {kind["$ref"].rpartition("/")[2] for kind in kinds if "$ref" in kind}
