"""A point and a radius on the ground. Coordinates are WGS-84, degrees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import asin, cos, degrees, pi, radians, sin, sqrt

from services.gateway.cameras.known import KnownCamera
from services.gateway.cameras.read_model import CameraModel
from snowlight.errors import InvalidArgumentError

EARTH_RADIUS_M = 6_371_008.8
"""The mean radius (IUGG). A sphere is at most 0.6 % off."""
_ROUNDING = 1e-9
_NUMBER = re.compile(r"[+-]?\d{1,9}(\.\d{1,15})?", re.ASCII)


@dataclass(frozen=True)
class Circle:
    """What lies within `radius_m` of a point."""

    latitude: float
    longitude: float
    radius_m: float

    def cameras(self, model: CameraModel) -> list[tuple[KnownCamera, float]]:
        """The cameras in it, with their distances in metres along great circles (haversine); in no order."""
        angle = self.radius_m / EARTH_RADIUS_M
        reach, half_width = degrees(angle) + _ROUNDING, self._half_width(angle)
        here, here_cos, diameter_m = radians(self.latitude), cos(radians(self.latitude)), 2 * EARTH_RADIUS_M
        found = []
        for known in model.between_latitudes(self.latitude - reach, self.latitude + reach):
            aside = abs(known.longitude - self.longitude)
            if half_width < aside < 360 - half_width:
                continue
            there = radians(known.latitude)
            across, along = sin((there - here) / 2), sin(radians(aside) / 2)
            distance_m = diameter_m * asin(min(1.0, sqrt(across**2 + here_cos * cos(there) * along**2)))
            if distance_m <= self.radius_m:
                found.append((known, distance_m))
        return found

    def _half_width(self, angle: float) -> float:
        """Degrees of longitude that the circle reaches to either side; all of them around a pole."""
        if abs(radians(self.latitude)) + angle >= pi / 2:
            return 180.0
        return degrees(asin(min(1.0, sin(angle) / cos(radians(self.latitude))))) + _ROUNDING


def read_radius(query: Mapping[str, str], *, most_m: float, default_m: float | None = None) -> float:
    """Metres. Raises InvalidArgumentError("radius") unless it is 1 to `most_m`, or left out where there is a
    default."""
    if "radius" not in query and default_m is not None:
        return default_m
    return read_number(query.get("radius", ""), "radius", 1, most_m)


def read_point(text: str, field: str) -> tuple[float, float]:
    """ "LAT,LNG". Raises InvalidArgumentError naming `field`."""
    latitude, comma, longitude = text.partition(",")
    if not comma:
        raise InvalidArgumentError("request.invalid", f"{field} must be LATITUDE,LONGITUDE", field=field)
    return read_number(latitude, field, -90, 90), read_number(longitude, field, -180, 180)


def read_number(text: str, field: str, least: float, most: float) -> float:
    """A decimal number from `least` to `most`. Raises InvalidArgumentError naming `field`."""
    if _NUMBER.fullmatch(text):
        value = float(text)
        if least <= value <= most:
            return value
    raise InvalidArgumentError(
        "request.invalid", f"{field} must be a number from {least:g} to {most:g}", field=field
    )
