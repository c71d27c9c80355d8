"""Flask-Security’s datastore over our own tables: one account for each person. Roles are in the directory, not here."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from flask_security import RoleMixin, UserDatastore, UserMixin, WebAuthnMixin

from web.identity.credentials import queries
from workflow.storage.engine import Engine

INITIAL = "first-"


class NoRole(RoleMixin):
    """Flask-Security needs a class for roles; it gives nobody a permission."""


class Account(UserMixin):
    fs_uniquifier = ""

    def __init__(self, row: Any) -> None:
        self.id, self.email, self.name, self.active, self.password = row.id, row.email, row.name, row.is_active, row.password_hash
        # Part of a signed link and not secret: the person’s ID is used until they first change their password.
        self.fs_uniquifier = self.stored_uniquifier = row.uniquifier or f"{INITIAL}{row.id}"
        self.fs_webauthn_user_handle = row.handle
        self.may_have_password: bool = row.may_have_password
        self.tf_totp_secret = row.totp
        self.codes: Sequence[Any] = ()
        self.has_new_app = False
        self.keeps: Collection[str] = ()


class Passkey(WebAuthnMixin):
    def __init__(self, row: Any) -> None:
        self.id, self.person_id, self.name = row.id, row.person_id, row.name
        self.credential_id, self.public_key, self.sign_count = row.credential_id, row.public_key, row.sign_count

    def get_user_mapping(self) -> dict[str, Any]:
        return {"id": self.person_id}


class AccountDatastore(UserDatastore):
    """Each `put` is one commit. A new uniquifier, which comes with each new password, ends every session of the person."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(Account, NoRole, Passkey)
        self.engine = engine

    def find_user(self, case_insensitive: bool = False, **by: Any) -> Account | None:
        row = self._row(by)
        return Account(row) if row else None

    def put(self, account: Account) -> Account:
        values = {"uniquifier": account.fs_uniquifier, "handle": account.fs_webauthn_user_handle}
        is_new = account.fs_uniquifier != account.stored_uniquifier
        if not is_new and account.fs_uniquifier.startswith(INITIAL):
            del values["uniquifier"]
        queries.save_account(self.engine, account.id, account.password, values, is_new_password=is_new, keeps=account.keeps)
        account.stored_uniquifier = account.fs_uniquifier
        return account

    def commit(self) -> None:
        """Nothing to do: every `put` has committed."""

    def mf_set_recovery_codes(self, user: Account, rcs: list[str] | None) -> None:
        queries.set_recovery_codes(self.engine, user.id, rcs or (), is_told=not user.has_new_app)

    def mf_get_recovery_codes(self, user: Account) -> list[str]:
        user.codes = queries.recovery_codes_of(self.engine, user.id)
        return [row.code for row in user.codes]

    def mf_delete_recovery_code(self, user: Account, idx: int) -> bool:
        """Return whether this call used the code. `idx` counts in the codes as they were read, so that no other code is deleted."""
        return queries.delete_recovery_code(self.engine, user.codes[idx].id)

    def create_webauthn(self, user: Account, **values: Any) -> None:
        stored = {name: values[name] for name in ("credential_id", "public_key", "name", "sign_count", "transports")}
        queries.add_passkey(self.engine, stored | {"person_id": user.id, "made_at": datetime.now(UTC)})

    def find_webauthn(self, credential_id: str) -> Passkey | None:
        row = queries.passkey_by_credential(self.engine, credential_id)
        return Passkey(row) if row else None

    def _row(self, by: dict[str, Any]) -> Any:
        if "id" in by:
            return queries.account_of(self.engine, int(by["id"]))
        if "fs_webauthn_user_handle" in by:
            return queries.account_by(self.engine, "handle", by["fs_webauthn_user_handle"])
        uniquifier = str(by["fs_uniquifier"])
        if not uniquifier.startswith(INITIAL):
            return queries.account_by(self.engine, "uniquifier", uniquifier)
        row = queries.account_of(self.engine, int(uniquifier.removeprefix(INITIAL)))
        return row if row is not None and row.uniquifier is None else None
