"""What a live ring holds, and what its watchers are given."""

from typing import Protocol, final

from snowlight.errors import UnavailableError
from snowlight.media.envelope import encode_fragment, encode_init
from snowlight.media.fragment import Fragment, InitSection


class Spooled(Protocol):
    """Where a fragment's bytes can be had again."""

    def read(self) -> bytes:
        """All of them. Raises OSError."""


@final
class LiveItem:
    """One event for watchers, and its WatchLiveResponse, made once for all who take it as it comes."""

    __slots__ = ("_event", "_message", "_numbers", "_spooled")

    def __init__(self, event: InitSection | Fragment, spooled: Spooled | None = None) -> None:
        """`spooled`: where the bytes of a fragment lie, so that it need not hold them."""
        self._event: InitSection | Fragment | None = event
        self._spooled = spooled
        self._message: bytes | None = None
        self._numbers = (
            (event.segment, event.part, event.start_ms, event.duration_ms, event.independent, event.lossy)
            if isinstance(event, Fragment)
            else None
        )

    @property
    def event(self) -> InitSection | Fragment:
        """Raises UnavailableError when the disk does not give it."""
        if self._event is not None:
            return self._event
        assert self._numbers is not None
        return Fragment(*self._numbers, (self._read(),))

    def message(self) -> bytes:
        """The event as a serialised WatchLiveResponse. Raises UnavailableError as `event` does."""
        if self._message is not None:
            return self._message
        event = self.event
        message = encode_fragment(event) if isinstance(event, Fragment) else encode_init(event)
        if self._event is not None:
            self._message = message
        return message

    def let_go(self) -> None:
        """Hold no bytes that can be had again."""
        if self._spooled is not None:
            self._event = self._message = None

    def take_back(self) -> None:
        """Hold the bytes, and keep no file open for them. Raises UnavailableError as `event` does."""
        self._event, self._spooled = self.event, None

    def _read(self) -> bytes:
        assert self._spooled is not None
        try:
            return self._spooled.read()
        except OSError as error:
            raise UnavailableError(
                "live.no_picture", f"the spool does not give what it has of the camera: {error.strerror}"
            ) from error


@final
class RingEntry:
    """A fragment in a ring, and the init section it belongs to."""

    __slots__ = ("duration_ms", "independent", "init", "item", "size")

    def __init__(self, init: LiveItem, fragment: Fragment, spooled: Spooled | None) -> None:
        self.init = init
        self.size = fragment.size
        self.duration_ms = fragment.duration_ms
        self.independent = fragment.independent
        self.item = LiveItem(fragment, spooled)
