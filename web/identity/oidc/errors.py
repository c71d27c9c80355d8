"""Why signing in with a council account failed. The messages are our own, for the log: never text of the issuer or the visitor."""


class SignInRefused(Exception):
    """The response does not identify a person of this service."""

    outcome = "refused"


class IssuerUnavailable(SignInRefused):
    """The issuer does not answer."""

    outcome = "away"
