"""Footage as a reader asked for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Protocol

from snowlight.api.access.v1 import media_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.media.access_envelope import encode_access_unit, encode_description, encode_fragment
from snowlight.media.access_units import AccessUnits
from snowlight.media.description import Track, read_tracks
from snowlight.media.silent import silent_init


class Part(Protocol):
    """A movie fragment, live or recorded."""

    @property
    def start_ms(self) -> int: ...

    @property
    def duration_ms(self) -> int: ...

    @property
    def independent(self) -> bool: ...

    @property
    def lossy(self) -> bool: ...


class Packager(ABC):
    """Makes the messages of one reader. What is damaged raises ValueError."""

    @abstractmethod
    def description(self, init: bytes, *, silent: bool) -> bytes:
        """What follows, of its init section. `silent`: without the sound."""

    @abstractmethod
    def media(self, part: Part, data: bytes | memoryview, resume_token: str) -> Iterable[bytes]:
        """A part, whose bytes may have been rid of their sound."""


class FragmentPackager(Packager):
    """Movie fragments as they are."""

    def description(self, init: bytes, *, silent: bool) -> bytes:
        data = silent_init(init) if silent else init
        return _described(read_tracks(data), data)

    def media(self, part: Part, data: bytes | memoryview, resume_token: str) -> Iterable[bytes]:
        yield encode_fragment(
            start_ms=part.start_ms,
            duration_ms=part.duration_ms,
            independent=part.independent,
            lossy=part.lossy,
            resume_token=resume_token,
            data=data,
        )


class AccessUnitPackager(Packager):
    """Access units, one by one."""

    def __init__(self) -> None:
        self._units = AccessUnits(())

    def description(self, init: bytes, *, silent: bool) -> bytes:
        tracks = [track for track in read_tracks(init) if track.is_video or not silent]
        self._units = AccessUnits(tracks)
        return _described(tracks, b"")

    def media(self, part: Part, data: bytes | memoryview, resume_token: str) -> Iterable[bytes]:
        units = self._units.of(data)
        for left, unit in zip(range(len(units) - 1, -1, -1), units, strict=True):
            yield encode_access_unit(
                track=unit.track,
                capture_ms=part.start_ms + unit.after_start_ms,
                decode_time=unit.decode_time,
                presentation_time=unit.presentation_time,
                key_frame=unit.key_frame,
                resume_token="" if left else resume_token,
                data=unit.data,
            )


def packager_of(packaging: media_pb2.Packaging.ValueType) -> Packager:
    """Raises InvalidArgumentError("packaging")."""
    match packaging:
        case media_pb2.PACKAGING_UNSPECIFIED | media_pb2.PACKAGING_FRAGMENTS:
            return FragmentPackager()
        case media_pb2.PACKAGING_ACCESS_UNITS:
            return AccessUnitPackager()
    raise InvalidArgumentError(
        "request.packaging", "packaging must be one of those that there are", field="packaging"
    )


def _described(tracks: Sequence[Track], init_section: bytes) -> bytes:
    codecs = ",".join(track.codec for track in tracks)
    return encode_description(codecs, tracks[0].width, tracks[0].height, tracks, init_section)
