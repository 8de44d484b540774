"""The words of re-planning and what may be set; pure."""

from oms.core.errors import Invalid, NotFound

EVERY_MINUTES = (5, 1_440)
LEFT_ALONE_MINUTES = (0, 10_080)


class RunNotFound(NotFound):
    """No pass of re-planning has this id."""

    code = "replanning-run-not-found"


class BadPace(Invalid):
    """So often, or so close to the hand-over, nothing is re-planned."""

    code = "replanning-pace-invalid"
