"""A second proof beside the password: codes of an authenticator app, each taken once, and recovery codes for when it is lost."""

import hashlib
import io

from web.identity.credentials import passwords, queries
from web.identity.credentials.security_app import security_app

CODE, RECOVERY_CODE, PASSKEY = "code", "recovery code", "passkey"
# One code back and one on: a telephone’s clock is never quite right.
WINDOW = 30


def fingerprint_of(person_id: int) -> str | None:
    """Something that changes with the codes and with the password; None for who has no second proof."""
    row = queries.account_of(security_app().engine, person_id)
    if row is None or row.totp is None:
        return None
    return hashlib.sha256(f"{row.totp}\n{row.password_hash}".encode()).hexdigest()


def verify_code(person_id: int, typed: str) -> str:
    """What the code was, now used; or nothing."""
    code = "".join(typed.split()).lower()
    with security_app().opened() as security:
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
    """Enciphered from the start."""
    with security_app().opened() as security:
        secret: str = security.totp_factory.generate_totp_secret()
    return secret


def manual_key_of(secret: str) -> str:
    """To type into an app by hand."""
    with security_app().opened() as security:
        key: str = security.totp_factory.get_totp_pretty_key(secret)
    return key.replace("-", " ")


def qr_code_of(secret: str, email: str) -> bytes:
    """The same as a QR code: an SVG without a style of its own."""
    import qrcode
    from qrcode.image.svg import SvgPathFillImage

    with security_app().opened() as security:
        image = qrcode.make(security.totp_factory.get_totp_uri(email, secret), image_factory=SvgPathFillImage)
    with io.BytesIO() as file:
        image.save(file)
        return file.getvalue()


def enrol(person_id: int, secret: str, code: str) -> bool:
    """Whether the code shows that the app has the secret, which is then the one in use."""
    with security_app().opened() as security:
        counter = security.totp_factory.fits("".join(code.split()), secret, WINDOW)
    if counter is None:
        return False
    queries.save_totp(security_app().engine, person_id, secret, counter)
    passwords.notify(person_id, "second_proof_changed")
    return True


def new_recovery_codes(person_id: int) -> list[str]:
    """Those from before are worth nothing from now on."""
    with security_app().opened() as security:
        codes: list[str] = security.mf_recovery_codes_util.create_recovery_codes(security.datastore.find_user(id=person_id))
    return codes


def remove(person_id: int) -> None:
    queries.save_totp(security_app().engine, person_id, None)
    passwords.notify(person_id, "second_proof_changed")
