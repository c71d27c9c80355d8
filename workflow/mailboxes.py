"""When two email addresses are of one mailbox: a domain may be written in its own letters or, as DNS has it, in ASCII."""

LONGEST_DOMAIN = 253


def with_plain_domain(address: str) -> str:
    """Return the address with its domain in ASCII: every mail server accepts that. The part before the @ does not change."""
    name, at, domain = address.rpartition("@")
    try:
        return name + at + (domain if domain.isascii() or len(domain) > LONGEST_DOMAIN else domain.encode("idna").decode())
    except UnicodeError:
        return address


def mailbox(address: str) -> str:
    """Equal for two addresses of the same mailbox."""
    return with_plain_domain(address.strip().lower())
