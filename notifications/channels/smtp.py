"""SMTP over one connection that is reused: STARTTLS, implicit TLS or neither, as MAIL_URL says (decision 31)."""

import smtplib
import ssl
from email import message_from_bytes, policy
from urllib.parse import SplitResult, parse_qs, unquote

from notifications.channels import ChannelUnavailable, PermanentFailure, TemporaryFailure
from notifications.channels.smtp_replies import CLOSING, TAKEN, Reply
from workflow.mailboxes import with_plain_domain

TIMEOUT = 20
PORTS = {"starttls": 587, "implicit": 465, "none": 25}
UNTRUSTED = "the mail server’s certificate is not trusted; nothing was sent"
NO_TLS = "the mail server does not offer TLS as MAIL_URL requires; nothing was sent unencrypted"
NOT_AUTHENTICATED = "the mail server does not accept the user and password of MAIL_URL"
NO_SMTPUTF8 = "the mail server does not accept an address with such letters"


class Refused(Exception):
    """The server refused a command; `is_final` if the reply is about the address."""

    def __init__(self, reply: Reply, *, at_recipient: bool = False) -> None:
        self.reply, self.is_final = reply, reply.is_about_the_address(at_recipient=at_recipient)
        super().__init__(f"the address was refused with {reply}" if at_recipient else f"the mail server answered {reply}")


class SmtpChannel:
    def __init__(self, url: SplitResult, sender: str, timeout: float = TIMEOUT, secure: ssl.SSLContext | None = None) -> None:
        """`secure` says which certificates to trust; by default, those that this machine trusts."""
        self.url, self.sender, self.timeout, self.secure = url, with_plain_domain(sender), timeout, secure
        self.tls = parse_qs(url.query).get("tls", ["starttls"])[0]
        self._connection: smtplib.SMTP | None = None

    def send(self, to: str, message_id: str, body: bytes) -> None:
        try:
            self._send(with_plain_domain(to), body)
        except Refused as refused:
            self._after(refused.reply)
            raise (PermanentFailure if refused.is_final else TemporaryFailure)(str(refused)) from refused
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise (ChannelUnavailable if _is_silent(error) else TemporaryFailure)(_reason(error)) from error

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (smtplib.SMTPException, OSError):
                connection.close()

    def _send(self, to: str, body: bytes) -> None:
        connection, body = self._begun(to, body)
        reply = Reply(*connection.docmd("RCPT", f"TO:<{to}>"))
        if reply.code not in TAKEN:
            raise Refused(reply, at_recipient=True)
        try:
            reply = Reply(*connection.data(body))
        except smtplib.SMTPDataError as refused:
            raise Refused(Reply(refused.smtp_code, _bytes(refused.smtp_error))) from refused
        if reply.code not in TAKEN:
            raise Refused(reply)

    def _begun(self, to: str, body: bytes) -> tuple[smtplib.SMTP, bytes]:
        """Return a connection that is ready for the recipient, and the email as this server takes it.

        If the old one turns out to be closed, open a new one: nothing was sent on it.
        """
        if self._connection is not None:
            try:
                return self._begin(self._connection, to, body)
            except (Refused, smtplib.SMTPServerDisconnected) as gone:
                if not _was_closed(gone):
                    raise
                self._drop()
        try:
            self._connection = self._connect()
        except (smtplib.SMTPException, OSError) as error:
            raise ChannelUnavailable(_reason(error)) from error
        return self._begin(self._connection, to, body)

    def _begin(self, connection: smtplib.SMTP, to: str, body: bytes) -> tuple[smtplib.SMTP, bytes]:
        if not body.isascii() and not connection.has_extn("8bitmime"):
            body = in_seven_bits(body)
        options = [f"SIZE={len(body)}"] if connection.has_extn("size") else []
        if not body.isascii():
            options.append("BODY=8BITMIME")
        if not (to + self.sender).isascii():
            if not connection.has_extn("smtputf8"):
                raise PermanentFailure(NO_SMTPUTF8)
            options.append("SMTPUTF8")
            connection.command_encoding = "utf-8"
        # Not smtplib’s own mail() and rcpt(): they spend more time parsing addresses than sending takes.
        reply = Reply(*connection.docmd("MAIL", " ".join((f"FROM:<{self.sender}>", *options))))
        if reply.code not in TAKEN:
            raise Refused(reply)
        return connection, body

    def _after(self, reply: Reply) -> None:
        """Keep the connection for the next email if the server accepts that."""
        try:
            if reply.code == CLOSING or self._connection is None or self._connection.rset()[0] not in TAKEN:
                self._drop()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        host, port = str(self.url.hostname), self.url.port or PORTS[self.tls]
        if self.tls == "implicit":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=self.timeout, context=self._trusting())
        else:
            connection = smtplib.SMTP(host, port, timeout=self.timeout)
        try:
            self._secure_and_sign_in(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _trusting(self) -> ssl.SSLContext:
        return self.secure or ssl.create_default_context()

    def _secure_and_sign_in(self, connection: smtplib.SMTP) -> None:
        connection.ehlo_or_helo_if_needed()
        if self.tls == "starttls":
            try:
                connection.starttls(context=self._trusting())
            except (smtplib.SMTPNotSupportedError, smtplib.SMTPResponseException) as refused:
                raise ChannelUnavailable(NO_TLS) from refused
            connection.ehlo_or_helo_if_needed()
        if self.url.username:
            try:
                connection.login(unquote(self.url.username), unquote(self.url.password or ""))
            except smtplib.SMTPServerDisconnected:
                raise
            except smtplib.SMTPException as refused:
                raise ChannelUnavailable(NOT_AUTHENTICATED) from refused


def in_seven_bits(body: bytes) -> bytes:
    """The same email, its text as quoted-printable; always the same bytes."""
    message = message_from_bytes(body, policy=policy.SMTP)
    message.set_content(message.get_content(), cte="quoted-printable")
    return message.as_bytes()


def _was_closed(gone: Exception) -> bool:
    """Whether the server closed the connection earlier. Not that it is silent: a second try would only wait again."""
    if isinstance(gone, Refused):
        return gone.reply.code == CLOSING
    return not isinstance(gone.__context__, TimeoutError)


def _is_silent(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _reason(error: Exception) -> str:
    cause = error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) and error.__context__ else error
    if isinstance(cause, smtplib.SMTPResponseException):
        return f"the mail server answered {Reply(cause.smtp_code, _bytes(cause.smtp_error))}"
    if isinstance(cause, ssl.SSLError):
        return UNTRUSTED if isinstance(cause, ssl.SSLCertVerificationError) else NO_TLS
    if isinstance(cause, TimeoutError):
        return "the mail server does not answer"
    if isinstance(cause, smtplib.SMTPServerDisconnected | ConnectionResetError | BrokenPipeError):
        return "the mail server closed the connection"
    return f"the mail server can’t be reached: {type(cause).__name__}"


def _bytes(words: bytes | str) -> bytes:
    return words if isinstance(words, bytes) else words.encode("ascii", "replace")
