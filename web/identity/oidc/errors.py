"""Why somebody was not signed in with their council account. The words are ours and for the log: never the issuer’s, never the visitor’s."""


class SignInRefused(Exception):
    """What came back proves nobody we know."""

    answer = "refused"


class IssuerUnavailable(SignInRefused):
    """The issuer can’t be asked just now."""

    answer = "away"
