"""A room of the JSON door: who asks is known first, then the body is read, and what is wrong with it is said field by field."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar

from flask import Request, request
from flask_smorest import Blueprint
from webargs import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from web.api import response_schemas
from web.api.json_body import read_json
from web.api.openapi import ETAG, LOCATION, named
from web.identity.current_user import user_from_bearer_token
from web.request.errors import refuse_too_large
from workflow.errors import BadInput, Missing

View = TypeVar("View")


class BodyParser(FlaskParser):
    """Refuses with the service’s own BadInput, so that a sentence stands beside each field."""

    def _raw_load_json(self, req: Request) -> object:
        body = req.get_data()
        # What a PUT does not say is erased: nothing at all is no answer to what is to stand there.
        return read_json(body) if body or req.method == "PUT" else missing

    def handle_error(self, error: Any, req: Any, schema: Any, *, error_status_code: Any, error_headers: Any) -> NoReturn:
        messages = error.normalized_messages()
        raise BadInput(tuple(_places(messages.get("json") or messages.get("query") or messages)))


class ApiBlueprint(Blueprint):
    ARGUMENTS_PARSER = BodyParser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, __name__, description=description)
        self.before_request(_admit)

    def arguments(self, schema: Any, *, required: bool = False, **more: Any) -> Any:
        """A body that lacks nothing where it is not there need not be there, unless it says what is to replace something."""
        fields = schema().fields.values() if isinstance(schema, type) else schema.fields.values()
        return super().arguments(schema, required=required or any(field.required for field in fields), **more)

    def answers_audit(self, status: int = 200) -> Any:
        """As `asking.audit_answer` does, with the audit’s version in its ETag; a new one says where it is."""
        headers = {"ETag": ETAG, "Location": LOCATION} if status == 201 else {"ETag": ETAG}
        return self.alt_response(status, schema=response_schemas.Audit, headers=headers, success=True)

    def shown_to_some(self, view: View) -> View:
        """Not to everybody who may know of the audit."""
        shown: View = self.alt_response(HTTPStatus.FORBIDDEN, named(HTTPStatus.FORBIDDEN))(view)
        return shown

    def takes_headers(self, *headers: Mapping[str, Any]) -> Any:
        return self.doc(parameters=list(headers))


def _admit() -> None:
    """Raises NotSignedIn. A body of another kind is refused, not taken for an empty one."""
    user_from_bearer_token()
    refuse_too_large()
    if request.get_data() and not request.is_json:
        raise UnsupportedMediaType


def _places(messages: Mapping[Any, Any] | list[str], path: tuple[str, ...] = ()) -> Iterator[Missing]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _places(inner, path if key == "_schema" else (*path, str(key)))
    else:
        yield Missing("", ".".join(path), " ".join(messages))
