"""The council’s own accounts: an OpenID Connect issuer, such as Entra ID, or none; and whether passwords are used beside it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from config.errors import PREFIX, BadSetting

NEEDED = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
LINKS_BY = ("email", "preferred_username")
ENTRA = re.compile(
    r"https://login\.(?:microsoftonline\.(?:com|us)|partner\.microsoftonline\.cn)/(?P<tenant>[^/]*)(?P<rest>.*)", re.IGNORECASE
)
TENANT_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
OWN_MACHINE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class CouncilSignIn:
    """`links_by` is the claim whose address finds the person of an account, once (decision 20)."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    links_by: str = "email"
    allows_http: bool = False

    @property
    def own_names(self) -> frozenset[str]:
        """The claim `idp` of an account of this directory: the issuer, by either name that Entra ID gives it."""
        tenant = ENTRA.fullmatch(self.issuer)
        return frozenset({self.issuer} | ({f"https://sts.windows.net/{tenant['tenant']}/"} if tenant else set()))

    def may_be_requested(self, address: object) -> bool:
        """An https address; plain http only on this machine, in a demo."""
        try:
            parts = urlsplit(address) if isinstance(address, str) and address.isprintable() else None
            is_complete = (
                parts is not None and bool(parts.hostname) and parts.port != 0 and not parts.username and " " not in parts.geturl()
            )
        except ValueError:
            return False
        if parts is None or not is_complete:
            return False
        return parts.scheme == "https" or (self.allows_http and parts.scheme == "http" and parts.hostname in OWN_MACHINE)


def read_council_sign_in(given: Mapping[str, str], *, is_production: bool) -> CouncilSignIn | None:
    """Return None where nothing is set; raise BadSetting where only a part is."""
    values = {name: given.get(PREFIX + name, "").strip() for name in (*NEEDED, "OIDC_LINK_BY")}
    if not any(values.values()):
        return None
    for name in NEEDED:
        if not values[name]:
            raise BadSetting(f"{PREFIX}{name} is missing: council accounts need all of {', '.join(NEEDED)}.")
    if (links_by := values["OIDC_LINK_BY"] or LINKS_BY[0]) not in LINKS_BY:
        raise BadSetting(f"{PREFIX}OIDC_LINK_BY must be one of {', '.join(LINKS_BY)}.")
    chosen = CouncilSignIn(
        issuer=values["OIDC_ISSUER"], client_id=values["OIDC_CLIENT_ID"], client_secret=values["OIDC_CLIENT_SECRET"],
        links_by=links_by, allows_http=not is_production,
    )  # fmt: skip
    parts = urlsplit(chosen.issuer) if chosen.may_be_requested(chosen.issuer) else None
    if parts is None or parts.query or parts.fragment:
        raise BadSetting(f"{PREFIX}OIDC_ISSUER must be an https address, like https://login.microsoftonline.com/<tenant>/v2.0.")
    _check_tenant(chosen.issuer)
    return chosen


def _check_tenant(issuer: str) -> None:
    """With `common`, everybody with a Microsoft account of any directory could sign in."""
    found = ENTRA.fullmatch(issuer)
    if found and not (re.fullmatch(TENANT_ID, found["tenant"]) and found["rest"] == "/v2.0"):
        raise BadSetting(
            f"{PREFIX}OIDC_ISSUER must name the council’s own tenant by its ID: https://login.microsoftonline.com/<tenant ID>/v2.0."
        )


def read_passwords(given: Mapping[str, str], council_sign_in: CouncilSignIn | None) -> bool:
    """Whether people may sign in by password; raises BadSetting where nobody could then sign in."""
    value = given.get(PREFIX + "PASSWORDS", "").strip() or "on"
    if value not in {"on", "off"}:
        raise BadSetting(f"{PREFIX}PASSWORDS must be one of on, off.")
    if value == "off" and council_sign_in is None:
        raise BadSetting(f"{PREFIX}PASSWORDS can’t be off without council accounts: set {', '.join(NEEDED)} first.")
    return value == "on"
