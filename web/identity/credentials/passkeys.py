"""Passkeys: a device that has verified its owner proves who they are. py-webauthn checks them, with the options of Flask-Security.

A passkey is created and used for the host of BASE_URL only. The device verifies its owner each time, so a passkey counts as two factors.
"""

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from web.identity.credentials import queries
from web.identity.credentials.security_app import security_app
from web.identity.credentials.webauthn_challenges import use_challenge
from web.request.log_context import record_account
from workflow.errors import BadInput

MAX_NAME_LENGTH, MAX_TYPED = 40, 400
# Characters. With the certificates of a security key it is some 10,000.
MAX_CREDENTIAL_LENGTH = 32_768
LOG = logging.getLogger("practice_audit")
NOT_ADDED = "The passkey could not be added. Try again."


def are_available() -> bool:
    """Browsers allow passkeys over https or on localhost, and for host names only, not for IP addresses."""
    parts = urlsplit(security_app().settings.base_url)
    host = parts.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return parts.scheme == "https" or host == "localhost"
    return False


def registration_options(person_id: int) -> tuple[dict[str, Any], str]:
    """Return the options for the browser, and the challenge that its response must hold."""
    with security_app().context() as security:
        import webauthn
        from webauthn.helpers.structs import PublicKeyCredentialDescriptor

        account = security.datastore.find_user(id=person_id)
        if account.fs_webauthn_user_handle is None:
            security.datastore.set_webauthn_user_handle(account)
        challenge = security.webauthn_util.generate_challenge()
        existing = [webauthn.base64url_to_bytes(row.credential_id) for row in queries.passkeys_of(security_app().engine, person_id)]
        details = {
            "rp_id": _host(), "rp_name": "Practice Audit", "user_id": account.fs_webauthn_user_handle.encode(), "user_name": account.email,
            "user_display_name": account.name, "challenge": challenge.encode(),
            "exclude_credentials": [PublicKeyCredentialDescriptor(id=one) for one in existing],
        }  # fmt: skip
        options = webauthn.generate_registration_options(**security.webauthn_util.registration_options(account, "first", details))
        return json.loads(webauthn.options_to_json(options)), challenge


def verified_registration(challenge: str, credential: str) -> Any:
    """Return the new passkey, which is not stored yet; raise BadInput where the credential does not answer this challenge."""
    import webauthn

    verified = _parsed(
        lambda: webauthn.verify_registration_response(
            credential=credential, expected_challenge=challenge.encode(), expected_rp_id=_host(), expected_origin=_origin(),
            require_user_verification=True,
        ),
        credential,
    )  # fmt: skip
    if verified is None or not use_challenge(challenge):
        raise BadInput.about("credential", NOT_ADDED)
    return verified


def register(person_id: int, name: str, verified: Any) -> None:
    """Raise BadInput for a passkey that is somebody’s already. The person is notified by email."""
    name = "".join(letter for letter in name[:MAX_TYPED] if letter.isprintable()).strip()[:MAX_NAME_LENGTH] or "Passkey"
    with security_app().context() as security:
        from webauthn.helpers.bytes_to_base64url import bytes_to_base64url

        credential_id = bytes_to_base64url(verified.credential_id)
        if security.datastore.find_webauthn(credential_id):
            raise BadInput.about("credential", NOT_ADDED)
        security.datastore.create_webauthn(
            security.datastore.find_user(id=person_id), credential_id=credential_id, public_key=verified.credential_public_key,
            name=name, sign_count=verified.sign_count, transports=[],
        )  # fmt: skip


def authentication_options() -> tuple[dict[str, Any], str]:
    """The same for everybody: the device knows its owner, so no email address is asked for."""
    with security_app().context() as security:
        import webauthn

        challenge = security.webauthn_util.generate_challenge()
        options = security.webauthn_util.authentication_options(None, ["first"], {"rp_id": _host(), "challenge": challenge.encode()})
        return json.loads(webauthn.options_to_json(webauthn.generate_authentication_options(**options))), challenge


def person_for_assertion(challenge: str, credential: str) -> int | None:
    """Return the person whose passkey answered this challenge on this host, verified by the device, or None. Once."""
    import webauthn
    from webauthn.helpers.bytes_to_base64url import bytes_to_base64url
    from webauthn.helpers.parse_authentication_credential_json import parse_authentication_credential_json

    answer = _parsed(lambda: parse_authentication_credential_json(credential), credential)
    with security_app().context() as security:
        passkey = security.datastore.find_webauthn(bytes_to_base64url(answer.raw_id)) if answer else None
        account = security.datastore.find_user_from_webauthn(passkey) if passkey else None
    record_account(account.id if account else None)
    # An account without a handle has none that an answer could name. With passwords, passkeys are off too.
    handle = account.fs_webauthn_user_handle if account and account.may_have_password else None
    if passkey is None or account is None or not handle or answer.response.user_handle != handle.encode():
        return None
    verified = _parsed(
        lambda: webauthn.verify_authentication_response(
            credential=answer, expected_challenge=challenge.encode(), expected_rp_id=_host(), expected_origin=_origin(),
            credential_public_key=passkey.public_key, credential_current_sign_count=passkey.sign_count, require_user_verification=True,
        ),
        credential,
    )  # fmt: skip
    if verified is None or not use_challenge(challenge):
        return None
    queries.record_passkey_use(security_app().engine, passkey.id, verified.new_sign_count, datetime.now(UTC))
    return int(account.id)


def _parsed(read: Callable[[], Any], credential: str) -> Any:
    """Return what was read, or None for anything else than a device’s right response."""
    if len(credential) > MAX_CREDENTIAL_LENGTH:
        return None
    try:
        return read()
    except Exception as error:  # noqa: BLE001 (the libraries raise errors of many kinds for malformed bytes; none of our code runs here)
        LOG.info("a passkey was refused: %s", type(error).__name__)
        return None


def _host() -> str:
    return urlsplit(security_app().settings.base_url).hostname or ""


def _origin() -> str:
    parts = urlsplit(security_app().settings.base_url)
    return f"{parts.scheme}://{parts.netloc}"
