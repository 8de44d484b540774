"""What can keep the house from starting, worded for the person at the terminal."""


class CannotStart(Exception):
    """A service cannot be started; the message says why and what to do."""
