"""SMTP over one connection, kept while it works: STARTTLS, implicit TLS or neither, as MAIL_URL says."""

import smtplib
import ssl
from urllib.parse import SplitResult, parse_qs, unquote

from notifications.channels.refusals import Never, NotNow

TIMEOUT = 20
PORTS = {"starttls": 587, "implicit": 465, "none": 25}


class SmtpChannel:
    def __init__(self, url: SplitResult, sender: str) -> None:
        self.url, self.sender = url, sender
        self.tls = parse_qs(url.query).get("tls", ["starttls"])[0]
        self._connection: smtplib.SMTP | None = None

    def send(self, to: str, message_id: str, body: bytes) -> None:
        try:
            self._connected().sendmail(self.sender, [to], body)
        except smtplib.SMTPRecipientsRefused as refused:
            code = next(iter(refused.recipients.values()))[0]
            self._reset()
            raise (Never if code >= 500 else NotNow)(f"the address was refused with {code}") from refused
        except smtplib.SMTPResponseException as refused:
            self.close()
            is_final = 500 <= refused.smtp_code < 600 and not isinstance(
                refused, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError
            )
            raise (Never if is_final else NotNow)(f"the mail server answered {refused.smtp_code}") from refused
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise NotNow(f"the mail server can’t be reached: {type(error).__name__}") from error

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (smtplib.SMTPException, OSError):
                connection.close()

    def _reset(self) -> None:
        try:
            self._connected().rset()
        except (smtplib.SMTPException, OSError):
            self.close()

    def _connected(self) -> smtplib.SMTP:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> smtplib.SMTP:
        host, port = str(self.url.hostname), self.url.port or PORTS[self.tls]
        secure = ssl.create_default_context()
        if self.tls == "implicit":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=secure)
        else:
            connection = smtplib.SMTP(host, port, timeout=TIMEOUT)
        if self.tls == "starttls":
            connection.starttls(context=secure)
        if self.url.username:
            connection.login(unquote(self.url.username), unquote(self.url.password or ""))
        return connection
