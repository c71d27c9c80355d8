"""A council account is identified by issuer and subject, never by email. The email links an account that has no person yet, once."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from config.oidc import CouncilSignIn
from web.identity.oidc.errors import SignInRefused
from web.identity.oidc.queries import expected_person, link_identity, use_identity
from web.request.log_context import record_account
from workflow.directory import Directory, Person
from workflow.storage.engine import Engine

LOG = logging.getLogger("practice_audit.council_sign_in")
MULTI_FACTOR = "mfa"  # RFC 8176; Entra ID uses it in amr
MEMBER = 0
ENTRA_VERIFIED = "xms_edov"
NOT_STATED = (
    "the issuer states neither email_verified nor xms_edov; Entra ID sends the second as an optional claim of the app, or set"
    " PRACTICE_AUDIT_OIDC_LINK_BY=preferred_username (docs/operating.md, Entra ID)"
)


def person_for_claims(engine: Engine, directory: Directory, settings: CouncilSignIn, claims: Mapping[str, Any]) -> Person:
    """Return the active person an account belongs to, linked at their first sign-in; raises SignInRefused."""
    now = datetime.now(UTC)
    linked = use_identity(engine, settings.issuer, claims["sub"], now)
    person = directory.person(linked) if linked is not None else _person_to_link(engine, directory, settings, claims, now)
    record_account(person.id if person else linked)
    if person is None or not person.is_active:
        raise SignInRefused("no active person has this account")
    if linked is None:
        if not link_identity(engine, settings.issuer, claims["sub"], person.id, now):
            raise SignInRefused("the person has another account")
        LOG.info("a council account was linked to person %s", person.id)
    return person


def used_second_factor(claims: Mapping[str, Any]) -> bool:
    """Whether the issuer states that more than a password was used. False where it does not state it."""
    methods = claims.get("amr")
    return claims.get("acr") == MULTI_FACTOR or (isinstance(methods, list) and MULTI_FACTOR in methods)


def _person_to_link(
    engine: Engine, directory: Directory, settings: CouncilSignIn, claims: Mapping[str, Any], now: datetime
) -> Person | None:
    """The person that the operator has named for this account, or else the one with its address."""
    name = claims.get("preferred_username")
    if isinstance(name, str) and name.isascii() and is_of_own_directory(settings, claims):
        expected = expected_person(engine, settings.issuer, name.lower(), now)
        if expected is not None:
            return directory.person(expected)
    return _person_by_email(directory, settings, claims)


def _person_by_email(directory: Directory, settings: CouncilSignIn, claims: Mapping[str, Any]) -> Person | None:
    address = claims.get(settings.links_by)
    # Outside ASCII, case folding may turn two different addresses into one.
    if not isinstance(address, str) or not address.isascii() or not _is_confirmed(settings, claims):
        return None
    return directory.by_email(address)


def _is_confirmed(settings: CouncilSignIn, claims: Mapping[str, Any]) -> bool:
    """Accept an email only where the issuer has verified it; a user name only from the council’s own directory, not a guest’s.

    Raise SignInRefused, with what to set, where the issuer says neither that it has nor that it has not.
    """
    if settings.links_by != "email":
        return is_of_own_directory(settings, claims)
    if "email_verified" in claims:
        return claims["email_verified"] is True
    if ENTRA_VERIFIED not in claims:
        raise SignInRefused(NOT_STATED)
    # Whether the domain of the address is one that the tenant has proven to own (Entra ID): otherwise anybody may have typed it.
    return is_of_own_directory(settings, claims) and claims[ENTRA_VERIFIED] in (True, 1, "1", "true")


def is_of_own_directory(settings: CouncilSignIn, claims: Mapping[str, Any]) -> bool:
    """Whether the account is the council’s own, not a guest’s, whose names another directory chooses."""
    idp = claims.get("idp", settings.issuer)
    return claims.get("acct", MEMBER) in (MEMBER, str(MEMBER)) and isinstance(idp, str) and idp in settings.own_names
