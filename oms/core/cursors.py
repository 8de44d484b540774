"""Statements that carry much: their parameters travel beside the text."""

from django.db import connection
from django.db.backends.utils import CursorWrapper


def bound_cursor() -> CursorWrapper:
    """A cursor of this thread's connection whose parameters are neither quoted nor read twice.

    What it is given must have a type that the statement settles. It may be handed to another thread, which writes
    with it while this one does something else.
    """
    return connection.bound_cursor()  # type: ignore[attr-defined]  # of our own engine
