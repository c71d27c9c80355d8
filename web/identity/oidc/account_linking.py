"""Who an account is: issuer and subject, never an email. An address finds a person once, for an account that is nobody’s yet."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from config.oidc import CouncilSignIn
from web.identity.oidc.errors import SignInRefused
from web.identity.oidc.queries import link_identity, use_identity
from workflow.directory import Directory, Person
from workflow.storage.engine import Engine

LOG = logging.getLogger("practice_audit.council_sign_in")
BY_SEVERAL_FACTORS = "mfa"  # RFC 8176; Entra ID says so in amr
GUEST = 1


def person_for_claims(engine: Engine, directory: Directory, chosen: CouncilSignIn, claims: Mapping[str, Any]) -> Person:
    """The active person an account belongs to, linked at their first sign-in; raises NotAccepted."""
    now = datetime.now(UTC)
    linked = use_identity(engine, chosen.issuer, claims["sub"], now)
    person = directory.person(linked) if linked is not None else _found(directory, chosen, claims)
    if person is None or not person.is_active:
        raise SignInRefused("nobody active is known by this account")
    if linked is None:
        if not link_identity(engine, chosen.issuer, claims["sub"], person.id, now):
            raise SignInRefused("the person has another account")
        LOG.info("a council account was linked to person %s", person.id)
    return person


def used_second_factor(claims: Mapping[str, Any]) -> bool:
    """Whether the issuer says that more than a password was asked for. Where it says nothing, no."""
    methods = claims.get("amr")
    return claims.get("acr") == BY_SEVERAL_FACTORS or (isinstance(methods, list) and BY_SEVERAL_FACTORS in methods)


def _found(directory: Directory, chosen: CouncilSignIn, claims: Mapping[str, Any]) -> Person | None:
    address = claims.get(chosen.links_by)
    # Beyond ASCII, two letters may become one when an address is folded.
    if not isinstance(address, str) or not address.isascii() or not _is_vouched_for(chosen, claims):
        return None
    return directory.by_email(address)


def _is_vouched_for(chosen: CouncilSignIn, claims: Mapping[str, Any]) -> bool:
    """An email only where the issuer has verified it; a user name only of the council’s own directory, not a guest’s."""
    if chosen.links_by == "email":
        return claims.get("email_verified") is True
    return claims.get("acct") != GUEST and claims.get("idp", chosen.issuer) == chosen.issuer
