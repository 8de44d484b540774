"""The way to the mail server: one letter, one try, and in plain words what became of it.

A letter has the same Message-ID on every try. When the line breaks after the letter was handed over, nobody can know
whether the server took it; it is sent again, and the receiver's server sees that it has it already.
"""

import hashlib
import re
import smtplib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.validators import validate_email

from oms.core import seller

SECONDS = 20
"""So long may each step with the server take; all of them together stay well within a message's lease."""
_ADDRESSES = re.compile(r"[^\s<>\"'(]+@[^\s<>\"')]+")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes along."""

    name: str
    content: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter ready to go; ``key`` makes its Message-ID."""

    key: str
    recipient: str
    subject: str
    text: str
    html: str
    attached: Sequence[Attached] = ()


class Refused(Exception):
    """The mail server will never take this letter."""


class NotNow(Exception):
    """The mail server does not take this letter now."""


class NoServer(NotNow):
    """The mail server cannot be reached, or takes nothing from us."""


def is_set_up() -> bool:
    """Whether there is a mail server; without one letters are only logged."""
    return not settings.EMAIL_BACKEND.endswith(("console.EmailBackend", "dummy.EmailBackend"))


def is_address(text: str) -> bool:
    """Whether a mail can be addressed like this."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def message_id(key: str) -> str:
    """The Message-ID of a letter: the same for the same key."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<letter.{hashlib.sha256(key.encode()).hexdigest()[:24]}@{domain}>"


def send(mail: Mail) -> None:
    """Hand the letter over.

    Raises ``Refused``, ``NotNow`` or ``NoServer``; none of them says to whom the letter goes.
    """
    message = _message(mail)
    server = get_connection(timeout=SECONDS)
    try:
        server.open()
        server.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        raise _judged(*next(iter(error.recipients.values()))) from None
    except smtplib.SMTPSenderRefused as error:
        raise NoServer(f"The mail server does not take OMS_MAIL_FROM ({_said(error)}).") from None
    except smtplib.SMTPDataError as error:
        raise _judged(error.smtp_code, error.smtp_error) from None
    except smtplib.SMTPResponseException as error:
        raise NoServer(f"The mail server takes nothing from us ({_said(error)}).") from None
    except (smtplib.SMTPException, OSError) as error:
        raise NoServer(f"The mail server cannot be reached ({_without_addresses(error)}).") from None
    finally:
        # The letter is there; a farewell that fails must not send it again.
        with suppress(smtplib.SMTPException, OSError):
            server.close()


def _message(mail: Mail) -> EmailMultiAlternatives:
    if not is_address(mail.recipient):
        raise Refused("What stands there is not a mail address.")
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message = EmailMultiAlternatives(
        mail.subject,
        mail.text,
        formataddr((name or seller.name(), address)),
        [mail.recipient],
        headers={"Message-ID": message_id(mail.key), "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(mail.html, "text/html")
    for each in mail.attached:
        message.attach(each.name, each.content, each.kind)
    return message


def _judged(code: int, said: bytes | str) -> Exception:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    words = f"{code} {_without_addresses(text)}".strip()
    if code >= 500:
        return Refused(f"The mail server refuses it for good ({words}).")
    return NotNow(f"The mail server does not take it now ({words}).")


def _said(error: smtplib.SMTPResponseException) -> str:
    text = error.smtp_error
    return f"{error.smtp_code} {_without_addresses(text.decode(errors='replace') if isinstance(text, bytes) else text)}"


def _without_addresses(said: object) -> str:
    return _ADDRESSES.sub("…", " ".join(str(said).split()))[:200]
