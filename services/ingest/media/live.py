"""From a session's fragments to its camera's live ring."""

from dataclasses import replace

from services.ingest.media.live_item import Spooled
from services.ingest.media.ring import Ring
from snowlight.media.fragment import Fragment, InitSection


class LiveFeed:
    """Players are told TARGETDURATION first: a first session is held until its first segment is whole."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._numbering = ring.numbering
        self._init: InitSection | None = None
        self._held: list[tuple[Fragment, Spooled | None]] = []

    def begin(self, init: InitSection) -> None:
        """A mux session begins."""
        self.flush()
        if init.target_duration_ms:
            self._ring.start(init)
        else:
            self._init = init

    def append(self, fragment: Fragment, spooled: Spooled | None = None) -> None:
        """The session's next fragment. `spooled`: where its bytes can be had again."""
        if self._init is None:
            self._ring.append(fragment, spooled)
            return
        self._held.append((fragment, spooled))
        if self._numbering.target_ms:
            self.flush()

    def flush(self) -> None:
        """Give the ring what is held."""
        if self._init is None:
            return
        held, self._held = self._held, []
        init, self._init = self._init, None
        if not held:
            return
        length_ms = sum(fragment.duration_ms for fragment, _ in held)
        target_ms = self._numbering.target_ms or max(2000, (length_ms + 999) // 1000 * 1000)
        self._ring.start(replace(init, target_duration_ms=target_ms))
        for fragment, spooled in held:
            self._ring.append(fragment, spooled)

    def stop(self) -> None:
        """The connection ended."""
        self.flush()
        self._ring.stop()
