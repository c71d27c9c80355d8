"""Asking the issuer over the network: briefly, without following it elsewhere, and for no more than a few pages."""

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
MOST_BYTES = 512 * 1024


class BriefAdapter(HTTPAdapter):
    """One answer, read to its end within `SECONDS` and `MOST_BYTES`."""

    def send(self, request: PreparedRequest, *_given: Any, **more: Any) -> Response:
        ends_at = time.monotonic() + SECONDS
        # Whatever was asked for, it is read here.
        response = super().send(request, **more | {"stream": True, "timeout": (SECONDS_TO_CONNECT, SECONDS_BETWEEN_BYTES)})
        response.raw = io.BytesIO(_read(response, ends_at))
        return response


def _read(response: Response, ends_at: float) -> bytes:
    body = b""
    try:
        # As much as has come, so that a trickle is noticed too.
        while part := response.raw.read1(8192, decode_content=True):
            body += part
            if len(body) > MOST_BYTES or time.monotonic() > ends_at:
                raise RequestException("too much or too slow")
    except HTTPError as error:
        raise RequestException(type(error).__name__) from None
    finally:
        response.raw.close()
    return body


def within_seconds(work: Callable[[], T], seconds: float = SECONDS_FOR_ALL) -> T:
    """Raise IssuerAway when time is up: finding a name, or trying each of its addresses, heeds no timeout of its own."""
    apart = ThreadPoolExecutor(max_workers=1)
    try:
        return apart.submit(work).result(seconds)
    except TimeoutError:
        raise IssuerUnavailable("no answer in time") from None
    finally:
        apart.shutdown(wait=False)
