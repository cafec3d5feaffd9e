"""Where a reader of live pictures broke off, as it is told: opaque to it, and good at every gateway."""

from __future__ import annotations

import hashlib
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode

from services.gateway.live.following import Place
from snowlight.errors import InvalidArgumentError

_VERSION = 1
_FORM = struct.Struct(">B6sQIQ")
"""Version, of what, session, number, end."""


class LiveTokens:
    """Those of one rendition of a camera."""

    def __init__(self, camera_uid: str, rendition: str) -> None:
        self._subject = hashlib.sha256(f"{camera_uid}/{rendition}".encode()).digest()[:6]

    def token(self, place: Place) -> str:
        """Goes on behind `place`."""
        packed = _FORM.pack(_VERSION, self._subject, place.session, place.number, place.end_ms)
        return urlsafe_b64encode(packed).decode()

    def read(self, token: str) -> Place | None:
        """The place; None for "". Raises InvalidArgumentError("resume_token") for what is no token, and for
        one of another camera or rendition."""
        if not token:
            return None
        try:
            version, subject, *place = _FORM.unpack(urlsafe_b64decode(token.encode("ascii")))
        except (ValueError, struct.error) as error:
            raise _invalid("must be one that was told") from error
        if version != _VERSION:
            raise _invalid("is of another version")
        if subject != self._subject:
            raise _invalid("is of another camera or rendition")
        return Place(*place)


def _invalid(problem: str) -> InvalidArgumentError:
    return InvalidArgumentError("request.resume_token", f"resume_token {problem}", field="resume_token")
