"""How far it is, without asking anybody; pure."""

import math

_EARTH_RADIUS_KM = 6371.0088

Place = tuple[float, float]
"""Degrees north, degrees east."""


def kilometres(here: Place, there: Place) -> int:
    """The great-circle distance in whole kilometres."""
    lat, lon, to_lat, to_lon = map(math.radians, (*here, *there))
    half = (
        math.sin((to_lat - lat) / 2) ** 2
        + math.cos(lat) * math.cos(to_lat) * math.sin((to_lon - lon) / 2) ** 2
    )
    return round(2 * _EARTH_RADIUS_KM * math.asin(math.sqrt(half)))
