"""How a channel says no."""


class NotNow(Exception):
    """It did not go; trying again may help."""


class Never(Exception):
    """It was refused for good."""
