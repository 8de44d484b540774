"""The second step of signing in: a code from an app, or one of ten recovery codes.

A recovery code is kept as a digest, so that whoever reads the database cannot sign in with it.
"""

import base64
import hashlib
import secrets
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from django_otp import devices_for_user, login, match_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from oms.core import audit
from oms.core.errors import Conflict, Invalid
from oms.core.models import User
from oms.core.transactions import owns_transaction

APP, RECOVERY = "app", "recovery"
CODES = 10
DIGITS = 6
# No letters or digits that look alike on paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class WrongCode(Invalid):
    """This code is wrong. Wait for the app to show the next one and type that."""

    code = "wrong-code"


class AlreadyEnrolled(Conflict):
    """Your second step is set up already."""

    code = "already-enrolled"


def is_enrolled(user: User) -> bool:
    """Whether signing in asks this person for a code."""
    return any(True for _ in devices_for_user(user, confirmed=True))


@owns_transaction()
def begin(user: User) -> tuple[str, str]:
    """Return the secret to type and the address to scan; the same ones until a code has been confirmed."""
    device = TOTPDevice.objects.filter(user=user, name=APP, confirmed=False).first()
    if device is None:
        device = TOTPDevice.objects.create(user=user, name=APP, confirmed=False)
    secret = base64.b32encode(device.bin_key).decode().rstrip("=")
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), device.config_url


@owns_transaction()
def _confirm(user: User, code: str) -> tuple[TOTPDevice, list[str]] | None:
    device = TOTPDevice.objects.select_for_update().filter(user=user, name=APP, confirmed=False).first()
    if device is None:
        raise AlreadyEnrolled()
    # A wrong code is counted against guessing, so this transaction must commit.
    if not device.verify_is_allowed()[0] or not device.verify_token(code):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    audit.record("second step.turned on", "user", user.pk, actor=user.actor, at=timezone.now())
    return device, _fresh_codes(user)


def confirm(request: HttpRequest, code: str) -> list[str]:
    """Turn the second step on with a first code, and return ten recovery codes to keep.

    Raises ``WrongCode`` when the app shows something else, ``AlreadyEnrolled`` when it is on.
    """
    confirmed = _confirm(cast(User, request.user), code)
    if confirmed is None:
        raise WrongCode()
    login(request, confirmed[0])
    return confirmed[1]


@owns_transaction()
def check(user: User, code: str) -> Any | None:
    """Return the device whose code this is, or nothing; guesses are slowed down."""
    # The app's codes are digits only, recovery codes never are six of them.
    return match_token(user, code if len(code) == DIGITS and code.isdigit() else _digest(user, code))


def remember(request: HttpRequest, device: Any) -> None:
    """Note in the session that the second step was taken."""
    login(request, device)


@owns_transaction()
def new_recovery_codes(user: User) -> list[str]:
    """Replace a person's recovery codes by ten new ones."""
    audit.record("recovery codes.renewed", "user", user.pk, actor=user.actor, at=timezone.now())
    return _fresh_codes(user)


def recovery_codes_left(user: User) -> int:
    """Count the recovery codes that have not been used."""
    return StaticToken.objects.filter(device__user=user, device__name=RECOVERY).count()


def _fresh_codes(user: User) -> list[str]:
    device, _ = StaticDevice.objects.get_or_create(user=user, name=RECOVERY, defaults={"confirmed": True})
    device.token_set.all().delete()
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(10)) for _ in range(CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=_digest(user, code)) for code in codes])
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _digest(user: User, code: str) -> str:
    # Sixteen characters is what the column holds; a code has fifty random bits and is good once.
    return hashlib.sha256(f"{user.pk}:{code}".encode()).hexdigest()[:16]
