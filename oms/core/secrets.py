"""Credentials at rest: sealed with the master key, which never enters the database.

``OMS_MASTER_KEYS`` lists keys newest first: the first seals, all of them open. To rotate, put a
new key in front, run ``manage.py rotate_master_key`` and take the old key away.
"""

from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotUnseal(Exception):
    """None of the master keys opens this secret."""


class NoMasterKey(Exception):
    """OMS_MASTER_KEYS is empty or holds something that is not a key."""


def seal(plain: str) -> str:
    """The text, readable only with a master key."""
    return _keys(tuple(settings.MASTER_KEYS)).encrypt(plain.encode()).decode()


def unseal(sealed: str) -> str:
    """The text that was sealed.

    Raises ``CannotUnseal`` when no master key opens it.
    """
    try:
        return _keys(tuple(settings.MASTER_KEYS)).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotUnseal("No master key opens this secret; was one removed before the rotation?") from None


def resealed(sealed: str) -> str:
    """The same secret, sealed with the newest key.

    Raises ``CannotUnseal`` when no master key opens it.
    """
    try:
        return _keys(tuple(settings.MASTER_KEYS)).rotate(sealed.encode()).decode()
    except InvalidToken:
        raise CannotUnseal("No master key opens this secret; was one removed before the rotation?") from None


def is_sealed_with_newest(sealed: str) -> bool:
    """Whether the newest key alone opens the secret."""
    try:
        Fernet(settings.MASTER_KEYS[0]).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def new_master_key() -> str:
    """A fresh master key."""
    return Fernet.generate_key().decode()


@cache
def _keys(master_keys: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(key) for key in master_keys])
    except ValueError as error:
        raise NoMasterKey("OMS_MASTER_KEYS needs at least one key; `manage.py doctor` makes one.") from error
