"""One camera's way into the spool: which file a fragment belongs to."""

from zlib import crc32

from services.ingest.recording.spool import Spool
from services.ingest.recording.spool_file import SpoolFile, SpoolName
from snowlight.media.fragment import Fragment, InitSection


class Recorder:
    """Cuts at the first key frame after the camera's second of the minute, so that uploads spread."""

    def __init__(self, spool: Spool, uid: str, epoch: int) -> None:
        self._spool = spool
        self._uid = uid
        self._epoch = epoch
        self._file: SpoolFile | None = None
        self._init: InitSection | None = None
        self._cut_ms = 0
        self._follows = False

    def append(self, init: InitSection, fragment: Fragment) -> bool:
        """Record a fragment of the mux session `init`. False if the spool takes nothing now."""
        file = self._file
        if file is not None and (init is not self._init or self._is_due(file, fragment)):
            self.close()
            self._follows = init is self._init
            file = None
        if file is None:
            file = self._open(init, fragment)
            if file is None:
                return False
        try:
            file.append(fragment)
        except OSError as error:
            self._spool.failed(error)
            self.close()
            return False
        self._spool.appended(len(fragment.data))
        return True

    def close(self) -> None:
        """Finish the file that is open and hand it to the uploader."""
        file, self._file = self._file, None
        self._follows = False
        if file is None:
            return
        file.finish()
        if file.duration_ms:
            self._spool.closed.put_nowait(file)
        else:
            self._spool.remove(file)

    def _is_due(self, file: SpoolFile, fragment: Fragment) -> bool:
        settings = self._spool.settings
        if fragment.start_ms >= self._cut_ms:
            late_ms = 1000 * (settings.longest_s - settings.segment_s)
            if fragment.independent or fragment.start_ms >= self._cut_ms + late_ms:
                return True
        return file.size + len(fragment.data) > settings.largest_bytes

    def _open(self, init: InitSection, fragment: Fragment) -> SpoolFile | None:
        """A file begins on a key frame, unless it goes on where the last one was cut."""
        if self._spool.full or not (fragment.independent or self._follows):
            return None
        name = SpoolName(
            self._uid, fragment.start_ms, self._epoch, self._spool.next_sequence(), init.session, init.init8
        )
        try:
            self._file = self._spool.create(name, init)
        except OSError as error:
            self._spool.failed(error)
            return None
        self._init = init
        self._cut_ms = self._next_cut(fragment.start_ms)
        return self._file

    def _next_cut(self, start_ms: int) -> int:
        """The camera's next instant to cut, at least half an object's length ahead."""
        length_ms = self._spool.settings.segment_s * 1000
        stagger_ms = crc32(self._uid.encode()) % self._spool.settings.segment_s * 1000
        earliest = start_ms + length_ms // 2
        return earliest + (stagger_ms - earliest) % length_ms
