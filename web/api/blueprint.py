"""The base of the JSON blueprints: authenticate first, then read the body and report its faults field by field."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, NoReturn, TypeVar, cast

from flask import Request, request
from flask_smorest import Blueprint
from webargs import missing
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from web.api import response_schemas
from web.api.json_body import read_json
from web.api.openapi import ETAG, IDEMPOTENCY_KEY, LOCATION, SAFE, response_name
from web.identity.current_user import user_from_bearer_token
from web.request.errors import refuse_too_large
from web.request.view_options import ATTRIBUTE, NONE, ViewOptions
from workflow.errors import BadInput, Missing

View = TypeVar("View")
ANSWERS_ONCE = "practice_audit_answers_once"


class BodyParser(FlaskParser):
    """Raises the service’s own BadInput, with a sentence for each field."""

    def _raw_load_json(self, req: Request) -> object:
        body = req.get_data()
        # A PUT erases what it does not name, so a body is required.
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
        """The body may be missing if all its fields are optional, except for a PUT."""
        fields = schema().fields.values() if isinstance(schema, type) else schema.fields.values()
        return super().arguments(schema, required=required or any(field.required for field in fields), **more)

    def add_url_rule(self, rule: str, endpoint: str | None = None, view_func: Any = None, *args: Any, **options: Any) -> None:
        """Every call that changes something honours an Idempotency-Key: raise TypeError for one that does not say how it answers once."""
        if not SAFE.issuperset(method.lower() for method in options.get("methods", SAFE)) and not _only_reads(view_func):
            if not getattr(view_func, ANSWERS_ONCE, False):
                raise TypeError(f"{view_func.__name__} changes something: it needs answers_audit or answers_once")
            view_func = self.takes_headers(IDEMPOTENCY_KEY)(view_func)
        super().add_url_rule(rule, endpoint, view_func, *args, **options)

    def answers_audit(self, status: int = 200) -> Any:
        """Document what `answer_with_audit` sends: the audit’s version in the ETag, and a Location for a new audit."""
        headers = {"ETag": ETAG, "Location": LOCATION} if status == 201 else {"ETag": ETAG}
        return self.answers_once(status, response_schemas.Audit, headers)

    def answers_once(self, status: int, schema: Any = None, headers: Mapping[str, Any] | None = None) -> Any:
        """Document what one of the `answer_with_…` of request_context.py sends, which honour an Idempotency-Key."""

        def decorate(view: View) -> View:
            setattr(view, ANSWERS_ONCE, True)
            documented: View = self.alt_response(status, schema=schema, headers=headers, success=True)(view)
            return documented

        return decorate

    def shown_to_some(self, view: View) -> View:
        """Document that some people who may know of the audit are refused."""
        shown: View = self.alt_response(HTTPStatus.FORBIDDEN, response_name(HTTPStatus.FORBIDDEN))(view)
        return shown

    def takes_headers(self, *headers: Mapping[str, Any]) -> Any:
        def decorate(view: Any) -> Any:
            before = getattr(view, "_apidoc", {}).get("manual_doc", {}).get("parameters", [])
            return self.doc(parameters=[*before, *headers])(view)

        return decorate


def _only_reads(view: object) -> bool:
    return cast(ViewOptions, getattr(view, ATTRIBUTE, NONE)).only_reads


def _admit() -> None:
    """Raise NotSignedIn. Refuse a body of another media type, rather than treat it as empty."""
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
