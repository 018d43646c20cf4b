"""E-mail: by SMTP, with TLS unless the operators say otherwise."""

import re
import smtplib
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr, parseaddr
from urllib.parse import urlsplit

from chassis import clock
from kernel.working_time import TZ
from reminders.channels.settings import MailSettings
from reminders.domain.deliveries import Delivery, Outcome, Permanent, Sent, Temporary
from reminders.domain.texts import html, plain, subject

SECONDS = 8.0  # for one answer of the server
BUSY_SECONDS = 0.5  # since a connection was used: it is there still
IDLE_SECONDS = 5.0  # then it is not used again
IDLE_AT_MOST = 8
POLICY = policy.compat32.clone(linesep="\r\n")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_QUEUED_AS = re.compile(r"[!-~]{1,100}\Z")


class Answered(Exception):
    """The server says no."""

    def __init__(self, code: int):
        super().__init__(code)
        self.code = code


class Mail:
    def __init__(self, settings: MailSettings, public_url: str):
        self._settings = settings
        self._public_url = public_url
        self._host = urlsplit(public_url).hostname
        self._idle: list[tuple[smtplib.SMTP, float]] = []

    def send(self, delivery: Delivery) -> Outcome:
        if not _ADDRESS.fullmatch(delivery.to) or len(delivery.to) > 254:
            return Permanent("bad_address")
        message = self._written(delivery)
        try:
            with self._connection() as server:
                return Sent(self._hand_over(server, delivery.to, message))
        except Answered as no:
            return (Permanent if no.code >= 500 else Temporary)(f"answers_{no.code}")
        except smtplib.SMTPNotSupportedError:
            return Temporary("no_tls")
        except smtplib.SMTPResponseException as error:  # of us, not of this message: greeting, login
            return Temporary(f"refuses_us_{error.smtp_code}")
        except (smtplib.SMTPException, OSError) as error:
            return Temporary(type(error).__name__)

    def _written(self, delivery: Delivery) -> bytes:
        # by the older classes: headers that the newer ones fold lose blanks between their encoded words
        message = MIMEMultipart("alternative", policy=POLICY)
        name, sender = parseaddr(self._settings.sender)
        message["From"] = formataddr((name, sender), "utf-8")
        message["To"] = delivery.to
        message["Subject"] = Header(subject(delivery), "utf-8", header_name="Subject")
        message["Date"] = format_datetime(clock.now().astimezone(TZ))
        message["Message-ID"] = f"<{delivery.id}@{self._host}>"  # the same whenever it is tried
        message["Auto-Submitted"] = "auto-generated"
        message.attach(MIMEText(plain(delivery, self._public_url), "plain", "utf-8", policy=POLICY))
        message.attach(MIMEText(html(delivery, self._public_url), "html", "utf-8", policy=POLICY))
        return message.as_bytes()

    def _hand_over(self, server: smtplib.SMTP, to: str, message: bytes) -> str | None:
        _, sender = parseaddr(self._settings.sender)
        _accepted(server.mail(sender))
        _accepted(server.rcpt(to))
        text = _accepted(server.data(message))
        found = _QUEUED_AS.search(text)
        return found and found[0]

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        server = self._taken() or self._opened()
        try:
            yield server
        except BaseException:
            server.close()
            raise
        self._give_back(server)

    def _taken(self) -> smtplib.SMTP | None:
        """One that was used a moment ago, if it still answers."""
        while self._idle:
            server, since = self._idle.pop()
            idle = time.monotonic() - since
            if idle < BUSY_SECONDS or (idle < IDLE_SECONDS and _answers(server)):
                return server
            server.close()
        return None

    def _opened(self) -> smtplib.SMTP:
        chosen = self._settings
        trusted = ssl.create_default_context(cafile=chosen.ca_file or None)
        where = {"host": chosen.host, "port": chosen.port, "local_hostname": self._host, "timeout": SECONDS}
        server = smtplib.SMTP_SSL(**where, context=trusted) if chosen.tls == "implicit" else smtplib.SMTP(**where)
        try:
            if chosen.tls == "starttls":
                server.starttls(context=trusted)
            if chosen.user:
                server.login(chosen.user, chosen.password)
            else:
                server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server

    def _give_back(self, server: smtplib.SMTP) -> None:
        if len(self._idle) < IDLE_AT_MOST:
            self._idle.append((server, time.monotonic()))
        else:
            server.close()


def _answers(server: smtplib.SMTP) -> bool:
    try:
        return server.noop()[0] == 250
    except (smtplib.SMTPException, OSError):
        return False


def _accepted(answer: tuple[int, bytes]) -> str:
    code, text = answer
    if not 200 <= code < 300:
        raise Answered(code)
    return text.decode("ascii", "replace")
