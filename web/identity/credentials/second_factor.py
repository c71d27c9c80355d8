"""The second factor beside the password: codes of an authenticator app, each accepted once, and recovery codes if the app is lost."""

import hashlib
import io

from web.identity.credentials import queries
from web.identity.credentials.security_app import security_app

CODE, RECOVERY_CODE, PASSKEY = "code", "recovery code", "passkey"
# Seconds: accept the previous and the next code too, because a phone’s clock may be wrong.
WINDOW = 30


def fingerprint_of(person_id: int) -> str | None:
    """Return a value that changes with the secret, the password and the email address; None for a person without an authenticator app."""
    row = queries.account_of(security_app().engine, person_id)
    if row is None or row.totp is None:
        return None
    return hashlib.sha256(f"{row.totp}\n{row.password_hash}\n{row.uniquifier}".encode()).hexdigest()


def verify_code(person_id: int, typed: str) -> str:
    """Use the code, and return which kind it was, or "" where it is wrong."""
    code = "".join(typed.split()).lower()
    with security_app().context() as security:
        account = security.datastore.find_user(id=person_id)
        if account is None or account.tf_totp_secret is None:
            return ""
        if code.isascii() and code.isdecimal():
            return CODE if security.totp_factory.verify_totp(code, account.tf_totp_secret, account, WINDOW) else ""
        recovery = security.mf_recovery_codes_util
        is_right = recovery.check_recovery_code(account, code) and recovery.delete_recovery_code(account, code)
        return RECOVERY_CODE if is_right else ""


def recovery_codes_left(person_id: int) -> int:
    return len(queries.recovery_codes_of(security_app().engine, person_id))


def new_secret() -> str:
    """Return a new secret, encrypted."""
    with security_app().context() as security:
        secret: str = security.totp_factory.generate_totp_secret()
    return secret


def manual_key_of(secret: str) -> str:
    """Return the secret as text to type into an app."""
    with security_app().context() as security:
        key: str = security.totp_factory.get_totp_pretty_key(secret)
    return key.replace("-", " ")


def qr_code_of(secret: str, email: str) -> bytes:
    """Return the secret as a QR code: an SVG without inline style."""
    import qrcode
    from qrcode.image.svg import SvgPathFillImage

    with security_app().context() as security:
        image = qrcode.make(security.totp_factory.get_totp_uri(email, secret), image_factory=SvgPathFillImage)
    with io.BytesIO() as file:
        image.save(file)
        return file.getvalue()


def counter_of(secret: str, code: str) -> int | None:
    """Return the counter of a code of an app that is not in use yet, or None where it is wrong."""
    with security_app().context() as security:
        counter: int | None = security.totp_factory.counter_of("".join(code.split()), secret, WINDOW)
    return counter


def enrol(person_id: int, secret: str, counter: int) -> None:
    """Replace the current secret. The code with this counter, which proved that the app has it, is used."""
    queries.save_totp(security_app().engine, person_id, secret, counter)


def new_recovery_codes(person_id: int, *, with_new_app: bool = False) -> list[str]:
    """Replace all earlier recovery codes. The email about a new app says enough of the codes that come with it."""
    with security_app().context() as security:
        account = security.datastore.find_user(id=person_id)
        account.has_new_app = with_new_app
        codes: list[str] = security.mf_recovery_codes_util.create_recovery_codes(account)
    return codes


def remove(person_id: int) -> None:
    queries.remove_totp(security_app().engine, person_id)
