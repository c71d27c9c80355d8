"""Headers of every response: no inline script or style, no frames, no caching."""

from collections.abc import Mapping

from flask import Flask
from werkzeug.wrappers import Response

from web.request.view_options import current_view_options

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
UNUSED_FEATURES = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation", "gyroscope", "magnetometer",
    "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "usb", "xr-spatial-tracking",
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in UNUSED_FEATURES),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}


def security_headers(*, is_https: bool) -> Mapping[str, str]:
    return {**HEADERS, **HTTPS} if is_https else HEADERS


def init_security_headers(app: Flask, *, is_https: bool) -> None:
    headers = security_headers(is_https=is_https)

    @app.after_request
    def _add(response: Response) -> Response:
        for name, value in headers.items():
            response.headers[name] = value
        if not current_view_options().may_be_cached or response.status_code >= 400:
            response.headers["Cache-Control"] = "no-store"
        else:
            response.headers.setdefault("Cache-Control", "no-cache")
        return response
