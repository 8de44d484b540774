"""Statements that carry much: their parameters travel beside the text, and nobody need wait for them."""

from contextlib import AbstractContextManager

from django.db import connection
from django.db.backends.utils import CursorWrapper


def bound_cursor() -> CursorWrapper:
    """A cursor of this thread's connection whose parameters are neither quoted nor read twice.

    What it is given must have a type that the statement settles.
    """
    return connection.bound_cursor()  # type: ignore[attr-defined]  # of our own engine


def pipelined_cursor() -> AbstractContextManager[CursorWrapper]:
    """The same inside a transaction, where each statement is carried out while the caller goes on.

    All of them are done on leaving. What goes wrong with one is raised by a later one, or on leaving.
    """
    return connection.pipelined_cursor()  # type: ignore[attr-defined]  # of our own engine
