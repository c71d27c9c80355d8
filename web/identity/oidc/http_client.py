"""HTTP requests to the issuer: short timeouts, no redirects, limited size."""

import io
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from web.identity.oidc.errors import IssuerUnavailable

T = TypeVar("T")
SECONDS, SECONDS_TO_CONNECT, SECONDS_BETWEEN_BYTES, SECONDS_FOR_ALL = 4.0, 2.0, 3.0, 8.0
MAX_BYTES = 512 * 1024


class BriefAdapter(HTTPAdapter):
    """Read the whole response within `SECONDS` and `MAX_BYTES`."""

    def send(self, request: PreparedRequest, *_given: Any, **more: Any) -> Response:
        ends_at = time.monotonic() + SECONDS
        # The body is always read here, streamed or not.
        response = super().send(request, **more | {"stream": True, "timeout": (SECONDS_TO_CONNECT, SECONDS_BETWEEN_BYTES)})
        response.raw = io.BytesIO(_read(response, ends_at))
        return response


def _read(response: Response, ends_at: float) -> bytes:
    body = b""
    try:
        # read1 returns what has arrived, so that a slow trickle is noticed too.
        while part := response.raw.read1(8192, decode_content=True):
            body += part
            if len(body) > MAX_BYTES or time.monotonic() > ends_at:
                raise RequestException("too much or too slow")
    except HTTPError as error:
        raise RequestException(type(error).__name__) from None
    finally:
        response.raw.close()
    return body


def within_seconds(work: Callable[[], T], seconds: float = SECONDS_FOR_ALL) -> T:
    """Raise IssuerUnavailable when time is up: resolving a name and trying each of its addresses have no timeout."""
    executor = ThreadPoolExecutor(max_workers=1)
    try:
        return executor.submit(work).result(seconds)
    except TimeoutError:
        raise IssuerUnavailable("no answer in time") from None
    finally:
        executor.shutdown(wait=False)
