"""Refusals: what the house will not do, worded for the person who asked."""


class Refusal(Exception):
    """A request that is understood and not carried out; nothing has been changed."""

    code = "refused"
    status = 409

    def __init__(self, message: str = "", **details: object) -> None:
        super().__init__(message or (type(self).__doc__ or self.code).strip().splitlines()[0])
        self.details = details


class NotFound(Refusal):
    """There is no such thing here."""

    code = "not-found"
    status = 404


class Conflict(Refusal):
    """This does not fit the present state."""

    code = "conflict"
    status = 409


class Forbidden(Refusal):
    """You do not have the right to do this."""

    code = "forbidden"
    status = 403


class Invalid(Refusal):
    """Something in the request is not right.

    ``problems`` says where, as JSON pointers.
    """

    code = "invalid"
    status = 422

    def __init__(
        self, message: str = "", *, problems: tuple[tuple[str, str], ...] = (), **details: object
    ) -> None:
        super().__init__(message, **details)
        # Each problem is (pointer, what is wrong), such as ("#/lines/0/quantity", "must be positive").
        self.problems = problems


class Busy(Refusal):
    """Too many people want the same thing at this instant; try again shortly."""

    code = "busy"
    status = 503
