"""Where a reader of a recording broke off, as it is told: opaque to it, and good at every gateway."""

from __future__ import annotations

import hashlib
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode

from services.gateway.archive.walk import Place
from snowlight.errors import InvalidArgumentError

_VERSION = 1
_FORM = struct.Struct(">B6sQQQIQ")
"""Version, of what, and the place."""


class RecordingTokens:
    """Those of one window of a camera. A token is no right: what may be shown is the ticket's window."""

    def __init__(self, camera_uid: str, start_ms: int, end_ms: int) -> None:
        self._subject = hashlib.sha256(f"{camera_uid} {start_ms} {end_ms}".encode()).digest()[:6]

    def token(self, place: Place) -> str:
        """Goes on with `place`."""
        packed = _FORM.pack(
            _VERSION,
            self._subject,
            place.recording_ms,
            place.epoch,
            place.sequence,
            place.index,
            place.end_ms,
        )
        return urlsafe_b64encode(packed).decode()

    def read(self, token: str) -> Place | None:
        """The place; None for "". Raises InvalidArgumentError("resume_token") for what is no token, and for
        one of another camera or window."""
        if not token:
            return None
        try:
            version, subject, *place = _FORM.unpack(urlsafe_b64decode(token.encode("ascii")))
        except (ValueError, struct.error) as error:
            raise _invalid("must be one that was told") from error
        if version != _VERSION:
            raise _invalid("is of another version")
        if subject != self._subject:
            raise _invalid("is of another camera, start_time or end_time")
        return Place(*place)


def _invalid(problem: str) -> InvalidArgumentError:
    return InvalidArgumentError("request.resume_token", f"resume_token {problem}", field="resume_token")
