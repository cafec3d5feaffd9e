"""One camera's way into the spool: which file a fragment belongs to, and whether there is room for it."""

from collections.abc import Callable
from zlib import crc32

from services.ingest.observer import GapCause
from services.ingest.recording.space import FAILED, marks_of
from services.ingest.recording.spool import Spool
from services.ingest.recording.spool_file import SpooledFragment, SpoolFile, SpoolName
from snowlight.media.fragment import Fragment, InitSection


class Recorder:
    """Cuts at the first key frame after the camera's second of the minute, so that uploads spread."""

    def __init__(
        self,
        spool: Spool,
        uid: str,
        epoch: int,
        camera_class: int,
        is_store_out: Callable[[str], bool],
    ) -> None:
        """`is_store_out`: whether the footage of a camera, by uid, cannot be uploaded now."""
        self._spool = spool
        self._uid = uid
        self._epoch = epoch
        self._class = camera_class
        self._is_store_out = is_store_out
        self._marks = marks_of(uid, camera_class)
        self._limit = self._marks.stop
        self._file: SpoolFile | None = None
        self._init: InitSection | None = None
        self._cut_ms = 0
        self._follows = False
        self.refusal: GapCause = "spool_full"
        """Why the spool took nothing when `append` last returned False, unless `awaits_key_frame`."""
        self.awaits_key_frame = False
        """`append` returned False for no other reason than that a file begins on a key frame."""

    def append(self, init: InitSection, fragment: Fragment) -> bool:
        """Record a fragment of the mux session `init`. False if the spool does not take it now."""
        self.awaits_key_frame = False
        if self._spool.level >= self._limit:
            self._stop()
            return False
        file = self._file
        if file is not None and (init is not self._init or self._is_due(file, fragment)):
            self.close()
            self._follows = init is self._init
            file = None
        if file is None:
            # A file begins on a key frame, unless it goes on where the last one was cut.
            if not (fragment.independent or self._follows):
                self.awaits_key_frame = True
                return False
            file = self._open(init, fragment)
            if file is None:
                return False
        self._spool.reached("spool.write")
        try:
            file.append(fragment)
        except OSError as error:
            self._spool.failed(error)
            self._stop()
            return False
        self._spool.appended(fragment.size)
        return True

    @property
    def newest(self) -> SpooledFragment | None:
        """Where the bytes of the newest fragment are, while its file is open."""
        return self._file.newest if self._file is not None else None

    def close(self) -> None:
        """Finish the file that is open and hand it to the uploader."""
        file, self._file = self._file, None
        self._follows = False
        if file is not None:
            self._spool.seal(file)

    def _stop(self) -> None:
        """Too little room: what is open is finished, and nothing is begun until there is enough again."""
        self.close()
        if self._limit == self._marks.stop:
            self._limit = self._marks.resume
            outage = self._spool.level < FAILED and self._is_store_out(self._uid)
            self.refusal = "store_outage" if outage else "spool_full"
            self._spool.metrics.shed.labels(str(self._class)).inc()

    def _is_due(self, file: SpoolFile, fragment: Fragment) -> bool:
        settings = self._spool.settings
        if fragment.start_ms >= self._cut_ms:
            late_ms = 1000 * (settings.longest_s - settings.segment_s)
            if fragment.independent or fragment.start_ms >= self._cut_ms + late_ms:
                return True
        return file.size + fragment.size > settings.largest_bytes

    def _open(self, init: InitSection, fragment: Fragment) -> SpoolFile | None:
        name = SpoolName(
            self._uid, fragment.start_ms, self._epoch, self._spool.next_sequence(), init.session, init.init8
        )
        try:
            self._file = self._spool.create(name, init)
        except OSError as error:
            self._spool.failed(error)
            self._stop()
            return None
        self._limit = self._marks.stop
        self._init = init
        self._cut_ms = self._next_cut(fragment.start_ms)
        return self._file

    def _next_cut(self, start_ms: int) -> int:
        """The camera's next instant to cut, at least half an object's length ahead."""
        length_ms = self._spool.settings.segment_s * 1000
        stagger_ms = crc32(self._uid.encode()) % self._spool.settings.segment_s * 1000
        earliest = start_ms + length_ms // 2
        return earliest + (stagger_ms - earliest) % length_ms
