"""Where a reader broke off, as it is told: opaque to it, good at every gateway, and no right to anything."""

from __future__ import annotations

import hashlib
import re
import struct
from base64 import b64decode, urlsafe_b64encode
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Generic, TypeVar

from services.gateway.archive import walk
from services.gateway.live import following
from snowlight.errors import InvalidArgumentError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_VERSION = 2
_SUBJECT_BYTES = 6
_TICKET_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")

_Place = TypeVar("_Place", bound="DataclassInstance")


class ResumeTokens(Generic[_Place]):
    """Of places of one kind, in one subject."""

    def __init__(self, place: type[_Place], form: str, subject: str, subject_name: str) -> None:
        """`form`: of the place's fields (`struct`). `subject_name`: what another subject differs in."""
        self._place = place
        self._numbers = attrgetter(*(field.name for field in fields(place)))
        self._form = struct.Struct(f">B{_SUBJECT_BYTES}s{form}")
        self._subject = hashlib.sha256(subject.encode()).digest()[:_SUBJECT_BYTES]
        self._subject_name = subject_name

    def token(self, place: _Place, ticket_id: str) -> str:
        """Goes on from `place`."""
        found = self._form.pack(_VERSION, self._subject, *self._numbers(place))
        return urlsafe_b64encode(found + ticket_id.encode("ascii")).decode()

    def read(self, token: str) -> tuple[_Place | None, str]:
        """Where a call broke off, and the id of the ticket that it showed pictures with; None and "" for "".

        Raises InvalidArgumentError("resume_token") for what is no token, and for one of another subject.
        """
        if not token:
            return None, ""
        try:
            told = b64decode(token, altchars=b"-_", validate=True)
            version, subject, *numbers = self._form.unpack_from(told)
        except (ValueError, struct.error) as error:
            raise _invalid("must be one that was told") from error
        if version != _VERSION:
            raise _invalid("is of another version")
        if subject != self._subject:
            raise _invalid(f"is of another {self._subject_name}")
        ticket_id = told[self._form.size :]
        if not _TICKET_ID.fullmatch(ticket_id):
            raise _invalid("must be one that was told")
        return self._place(*numbers), ticket_id.decode()


def live_tokens(camera_uid: str, rendition: str) -> ResumeTokens[following.Place]:
    """Of one rendition of a camera: behind which part to go on."""
    return ResumeTokens(following.Place, "QIQ", f"{camera_uid}/{rendition}", "camera or rendition")


def recording_tokens(camera_uid: str, start_ms: int, end_ms: int) -> ResumeTokens[walk.Place]:
    """Of one window of a camera: which fragment comes next."""
    window = f"{camera_uid} {start_ms} {end_ms}"
    return ResumeTokens(walk.Place, "QQQIQ", window, "camera, start_time or end_time")


def _invalid(problem: str) -> InvalidArgumentError:
    return InvalidArgumentError("request.resume_token", f"resume_token {problem}", field="resume_token")
