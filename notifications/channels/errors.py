"""How a channel says no."""


class TemporaryFailure(Exception):
    """It did not go; trying again may help."""


class ChannelUnavailable(TemporaryFailure):
    """Nor can any other mail go: the server does not answer, or does not let us in."""


class PermanentFailure(Exception):
    """It was refused for good."""
