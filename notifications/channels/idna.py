"""Addresses with letters beyond ASCII."""


def with_plain_domain(address: str) -> str:
    """The domain as it stands in DNS, which every mail server takes; what is before the @ stays."""
    name, at, domain = address.rpartition("@")
    try:
        return name + at + (domain if domain.isascii() else domain.encode("idna").decode())
    except UnicodeError:
        return address
