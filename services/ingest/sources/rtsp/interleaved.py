"""Frames and messages on one connection (RFC 2326, 10.12), and the way back to them after noise."""

from collections.abc import Callable
from typing import Final, Protocol

from services.ingest.sources.allowance import Allowance
from services.ingest.sources.rtsp.message import (
    MalformedMessageError,
    Request,
    Response,
    begins_message,
    read_message,
)
from services.ingest.sources.source import SourceError

_DOLLAR: Final = 0x24
_SMALLEST_PACKET: Final = 8  # an RTCP packet without report blocks
_RTP_VERSION_2: Final = 0x80
_RESPONSE: Final = b"RTSP/1."
_STRAYS: Final = 20_000  # places in noise that may be a frame, and frames that nobody asked for
_STRAYS_PER_SECOND: Final = 5000  # over a megabyte of noise
_MESSAGES: Final = 100
_MESSAGES_PER_SECOND: Final = 10


class FrameReader(Protocol):
    """Takes the frames of one channel."""

    def read(self, data: bytes, position: int, end: int) -> int:
        """Read the complete frame, or the run of them, at `position`; returns what follows.

        Called with at least four bytes. Returns `position` if it cannot read: incomplete, or no such frame.
        """

    def expects(self, data: bytes, position: int) -> bool:
        """Whether the eight bytes of a frame at `position` look like this channel's next packet."""


class Demultiplexer:
    """Tells interleaved frames from messages and skips what is neither.

    After noise only a frame of a channel in use is believed, and only if its reader expects it or another
    frame or message stands right behind it: compressed video is full of bytes that look like a frame's head.
    """

    __slots__ = ("_message_size", "_messages", "_on_message", "_searching", "_strays", "channels", "skipped")

    def __init__(self, on_message: Callable[[Request | Response], None]) -> None:
        self.channels: dict[int, FrameReader] = {}
        self.skipped = 0  # bytes of noise so far
        self._on_message = on_message
        self._searching = False
        self._message_size = 0  # of the incomplete message that the rest begins with, as far as it is known
        self._strays = Allowance("frames of no use", burst=_STRAYS, per_second=_STRAYS_PER_SECOND)
        self._messages = Allowance("messages", burst=_MESSAGES, per_second=_MESSAGES_PER_SECOND)

    def close(self) -> None:
        """Nothing more is read. Who was told of messages is let go of: what leads back to itself waits for
        the garbage collector."""
        self._on_message = _ignore

    def read(self, data: bytes, position: int, end: int) -> int:
        """Read all that is complete in `data[position:end]`; returns where the incomplete rest begins, which
        the next call begins with.

        Raises SourceError camera.protocol_error for a malformed answer before there is media, and for more
        messages or noise than a camera has reason to send.
        """
        channels = self.channels
        while end - position >= 4:
            if self._searching:
                position = self._search(data, position, end)
                if self._searching:
                    break
            if data[position] == _DOLLAR:
                reader = channels.get(data[position + 1])
                after = reader.read(data, position, end) if reader else position
                if after == position:
                    after = self._unread_frame(data, position, end)
            else:
                after = self._message(data, position, end)
            if after == position:
                break
            position = after
        return position

    def _unread_frame(self, data: bytes, position: int, end: int) -> int:
        """A frame that no reader took: incomplete, of a channel not asked for, or noise."""
        self._strays.take()
        length = (data[position + 2] << 8) | data[position + 3]
        if not length:
            return position + 4
        if end - position < 5:
            return position
        if length < _SMALLEST_PACKET or data[position + 4] & 0xC0 != _RTP_VERSION_2:
            return self._lose_sync(position)
        after = position + 4 + length
        return after if after <= end else position

    def _message(self, data: bytes, position: int, end: int) -> int:
        if end - position < self._message_size:
            return position  # its header was read before
        self._message_size = 0
        if data[position : position + 2] == b"\r\n":
            self._strays.take()
            return position + 2
        begins = begins_message(data, position, end)
        if begins is None:
            return position
        try:
            message, after = read_message(data, position, end) if begins else (None, position)
        except MalformedMessageError as error:
            if not self.channels:  # the camera answers, and there is no media to find the way back to
                raise SourceError("camera.protocol_error", f"the camera answers with {error}") from None
            begins = False
        if not begins:
            return self._lose_sync(position)
        if message is None:
            self._message_size = after - position
            return position
        self._messages.take()
        self._on_message(message)
        return after

    def _lose_sync(self, position: int) -> int:
        self._strays.take()
        self._searching = True
        self.skipped += 1
        return position + 1

    def _search(self, data: bytes, begin: int, end: int) -> int:
        """The next place where a frame or a response stands, or may stand once more has come."""
        position = begin
        while True:
            dollar = data.find(b"$", position, end)
            response = data.find(_RESPONSE, position, end if dollar < 0 else dollar)
            if response >= 0:
                position = response
                self._searching = False
                break
            if dollar < 0:
                position = max(position, end - len(_RESPONSE) + 1)
                break
            self._strays.take()
            stands = self._frame_stands(data, dollar, end)
            if stands is not False:
                position = dollar
                self._searching = not stands
                break
            position = dollar + 1
        self.skipped += position - begin
        return position

    def _frame_stands(self, data: bytes, position: int, end: int) -> bool | None:
        """Whether a frame stands at this "$"; None while there is too little to tell."""
        reader = self.channels.get(data[position + 1]) if end - position > 1 else None
        if reader is None:
            return None if end - position < 2 else False
        if end - position < 8:
            return None
        length = (data[position + 2] << 8) | data[position + 3]
        if length < _SMALLEST_PACKET or data[position + 4] & 0xC0 != _RTP_VERSION_2:
            return False
        if reader.expects(data, position):
            return True
        after = position + 4 + length
        if after >= end:
            return None
        return data[after] == _DOLLAR or data[after] == _RESPONSE[0]


def _ignore(message: Request | Response) -> None:
    """A message of a connection that is over."""
