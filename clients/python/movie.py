"""Pictures as a file that plays."""

from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from snowlight.api.access.v1 import media_pb2


class Movie:
    """A file that plays: the init section, then the fragments as they come.

    Where the camera changes what it sends, or its media times begin anew, another file begins: gate.mp4,
    gate-2.mp4.
    """

    def __init__(self, path: Path) -> None:
        self.length_s = 0.0
        self.resume_token = ""
        self._path = path
        self._open = ExitStack()
        self._file: BinaryIO | None = None
        self._files = 0
        self._init = b""
        self._anew = False
        self._first = ""

    def take(self, told: media_pb2.WatchLiveResponse | media_pb2.StreamRecordingResponse) -> None:
        """What one answer of WatchLive or StreamRecording brought."""
        match told.WhichOneof("event"):
            case "description" if self._anew or self._init != told.description.init_section:
                self._begin(told.description)
            case "fragment" if self._file is not None:
                self._anew = False
                self._first = self._first or told.fragment.start_time.ToJsonString()
                self.length_s += told.fragment.duration_ms / 1000
                self.resume_token = told.fragment.resume_token
                self._file.write(told.fragment.data)
            case "discontinuity":
                hole = told.discontinuity
                self._anew = hole.reason in (media_pb2.Discontinuity.SOURCE, media_pb2.Discontinuity.GAP)
                print(f"discontinuity: {media_pb2.Discontinuity.Reason.Name(hole.reason)} {hole.cause}")

    def _begin(self, description: media_pb2.Description) -> None:
        self._open.close()
        self._files += 1
        path = self._path
        if self._files > 1:
            path = path.with_stem(f"{path.stem}-{self._files}")
        self._file = self._open.enter_context(path.open("wb"))
        self._init = description.init_section
        self._file.write(self._init)
        print(f"{path}: {description.codecs}, {description.width}x{description.height}")

    def close(self) -> None:
        """The file is whole."""
        self._open.close()

    def __str__(self) -> str:
        return f"{self.length_s:.3f} s from {self._first}"
