"""What the surroundings of a call know: the id of the request that started it."""

import structlog


def request_id() -> str:
    """The id of the request or message being worked on; empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64]
