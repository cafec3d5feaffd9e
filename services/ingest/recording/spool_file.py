"""One spool file, which is the coming object: `[ftyp moov]([prft] moof mdat)*[mfra]`."""

import errno
import os
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, final

from services.ingest.media.movie_head import first_decode_time
from snowlight.api.storage.v1 import storage_pb2, stored_pb2
from snowlight.media.boxes import PRFT_SIZE, build_mfra
from snowlight.media.fragment import Fragment, InitSection, ObjectKey

_NAME: Final = re.compile(
    r"(?P<uid>[0-9a-z-]+)\."
    r"(?P<start_ms>\d{1,15})-(?P<epoch>\d{1,18})-(?P<sequence>\d{1,18})-(?P<session>\d{1,18})"
    r"-(?P<init8>[0-9a-f]{8})\.mp4"
)
_INDEPENDENT, _LOSSY = 1, 2  # storage.v1.FragmentTable.flags
_MOST_CHUNKS: Final = os.sysconf("SC_IOV_MAX")


@dataclass(frozen=True, slots=True)
class SpoolName:
    """What a spool file's name says, so that recovery knows it."""

    uid: str
    start_ms: int
    epoch: int
    sequence: int
    session: int
    init8: str

    def __str__(self) -> str:
        return f"{self.uid}.{self.start_ms}-{self.epoch}-{self.sequence}-{self.session}-{self.init8}.mp4"

    @classmethod
    def parse(cls, name: str) -> "SpoolName":
        """Raises ValueError when `name` is not a spool file's."""
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"{name!r} is not a spool file's name")
        return cls(
            match["uid"],
            int(match["start_ms"]),
            int(match["epoch"]),
            int(match["sequence"]),
            int(match["session"]),
            match["init8"],
        )


class OpenFile:
    """A descriptor, closed with the last reference to it: a deleted file can be read until then."""

    __slots__ = ("descriptor",)

    def __init__(self, descriptor: int) -> None:
        """`descriptor` is this object's from now on."""
        self.descriptor = descriptor

    def __del__(self) -> None:
        os.close(self.descriptor)


@final
class SpooledFragment:
    """Where the bytes of a fragment are: in the page cache, as a rule."""

    __slots__ = ("_file", "_offset", "_size")

    def __init__(self, file: OpenFile, offset: int, size: int) -> None:
        self._file = file
        self._offset = offset
        self._size = size

    def read(self) -> bytes:
        """All of them. Raises OSError."""
        data = os.pread(self._file.descriptor, self._size, self._offset)
        if len(data) < self._size:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return data


class SpoolFile:
    """A file in the spool and its fragment table. While it is written, `key` tells the duration so far."""

    __slots__ = (
        "_durations",
        "_flags",
        "_hash",
        "_readable",
        "_sizes",
        "_sync",
        "closed",
        "codecs",
        "descriptor",
        "duration_ms",
        "gone",
        "init_size",
        "name",
        "path",
        "recovered",
        "refused",
        "sealed_at",
        "sha256",
        "size",
    )

    def __init__(self, path: Path, name: SpoolName, init_size: int, codecs: str) -> None:
        self.path = path
        self.name = name
        self.init_size = init_size
        """Length of `[ftyp moov]`, bytes."""
        self.codecs = codecs
        self.duration_ms = 0
        self.size = init_size
        self.closed = False
        self.recovered = False
        """An earlier run left it."""
        self.refused = False
        """Storage will never take it, or the disk does not give it."""
        self.gone = False
        """It has left the spool."""
        self.sealed_at: float | None = None
        """When, on the monotonic clock, this run finished writing it."""
        self.sha256 = b""
        """Of the whole file, once it is closed; empty while nobody has computed it."""
        self.descriptor = -1
        self._durations = array("I")
        self._sizes = array("I")
        self._flags = array("B")
        self._sync: list[tuple[int, int]] = []
        self._hash = sha256()
        self._readable: OpenFile | None = None

    @classmethod
    def create(cls, path: Path, name: SpoolName, init: InitSection) -> "SpoolFile":
        """Begin a file with its init section. Raises OSError."""
        file = cls(path, name, len(init.data), init.codecs)
        file.descriptor = os.open(
            path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o640
        )
        try:
            file._readable = OpenFile(os.dup(file.descriptor))
            _write(file.descriptor, (init.data,), len(init.data))
        except OSError:
            os.close(file.descriptor)
            path.unlink()
            raise
        file._hash.update(init.data)
        return file

    @classmethod
    def finished(
        cls, path: Path, name: SpoolName, footer: stored_pb2.SegmentFooter, size: int
    ) -> "SpoolFile":
        """One of `size` bytes that an earlier run finished, by its footer.

        Raises ValueError or OverflowError when that is none of ours.
        """
        file = cls(path, name, footer.init_size, footer.codecs)
        file._durations = array("I", footer.duration_ms)
        file._sizes = array("I", footer.size)
        file._flags = array("B", footer.flags)
        if not len(file._durations) == len(file._sizes) == len(file._flags) or not file._sizes:
            raise ValueError("the columns of the fragment table differ in length, or are empty")
        if max(file._flags) > _INDEPENDENT | _LOSSY:
            raise ValueError("a fragment has flags that there are not")
        file.duration_ms = sum(file._durations)
        file.size = size
        file.recovered = file.closed = True
        return file

    @property
    def start_ms(self) -> int:
        return self.name.start_ms

    @property
    def end_ms(self) -> int:
        return self.name.start_ms + self.duration_ms

    @property
    def key(self) -> str:
        """The object's key."""
        name = self.name
        return str(
            ObjectKey(name.uid, name.start_ms, self.duration_ms, name.epoch, name.sequence, name.init8)
        )

    def append(self, fragment: Fragment) -> None:
        """Write a fragment. Raises OSError, the file then ending with the fragment before."""
        try:
            _write(self.descriptor, fragment.chunks, fragment.size)
        except OSError:
            os.ftruncate(self.descriptor, self.size)
            raise
        for chunk in fragment.chunks:
            self._hash.update(chunk)
        media_time = first_decode_time(fragment.chunks[0], PRFT_SIZE) if fragment.independent else 0
        self.note(fragment.duration_ms, fragment.size, fragment.independent, fragment.lossy, media_time)

    @property
    def newest(self) -> SpooledFragment:
        """Where the last fragment is. The file is being written."""
        assert self._readable is not None
        size = self._sizes[-1]
        return SpooledFragment(self._readable, self.size - size, size)

    def note(self, duration_ms: int, size: int, independent: bool, lossy: bool, media_time: int) -> None:
        """Enter a fragment that is in the file into the table."""
        if independent:
            self._sync.append((media_time, self.size + PRFT_SIZE))
        self._durations.append(duration_ms)
        self._sizes.append(size)
        self._flags.append((_INDEPENDENT if independent else 0) | (_LOSSY if lossy else 0))
        self.duration_ms += duration_ms
        self.size += size

    def finish(self) -> None:
        """Close the file with its `mfra`, or without where the disk is full: the index has the table.

        Raises OSError when there is no telling what the file ends with.
        """
        mfra = build_mfra(self._sync, self._footer().SerializeToString())
        descriptor, self.descriptor = self.descriptor, -1
        self._readable = None
        try:
            try:
                _write(descriptor, (mfra,), len(mfra))
            except OSError:
                os.ftruncate(descriptor, self.size)
            else:
                self.size += len(mfra)
                self._hash.update(mfra)
        finally:
            os.close(descriptor)
        self.sha256 = b"" if self.recovered else self._hash.digest()
        self.closed = True

    def has_vanished(self) -> bool:
        """The disk says that there is no such file. A disk that says nothing has it still. Blocks."""
        try:
            self.path.stat()
        except FileNotFoundError:
            return True
        except OSError:
            pass
        return False

    def table(self) -> storage_pb2.FragmentTable:
        """The fragments so far."""
        return storage_pb2.FragmentTable(duration_ms=self._durations, size=self._sizes, flags=self._flags)

    def _footer(self) -> stored_pb2.SegmentFooter:
        """All that an index needs to know beside the key."""
        return stored_pb2.SegmentFooter(
            duration_ms=self._durations,
            size=self._sizes,
            flags=self._flags,
            session=self.name.session,
            codecs=self.codecs,
            init_size=self.init_size,
        )

    def segment(self, store: str) -> storage_pb2.Segment:
        """What storage is told when the object lies in `store`."""
        name = self.name
        return storage_pb2.Segment(
            camera_uid=name.uid,
            store=store,
            key=self.key,
            start_ms=name.start_ms,
            duration_ms=self.duration_ms,
            size=self.size,
            epoch=name.epoch,
            sequence=name.sequence,
            session=name.session,
            init8=name.init8,
            init_size=self.init_size,
            codecs=self.codecs,
            sha256=self.sha256,
            fragments=self.table(),
        )


def _write(descriptor: int, chunks: Sequence[bytes], size: int) -> None:
    """writev(2) until all `size` bytes are written."""
    if len(chunks) > _MOST_CHUNKS:
        chunks = (b"".join(chunks),)
    written = os.writev(descriptor, chunks)
    if written < size:
        rest = memoryview(b"".join(chunks))[written:]
        while rest:
            rest = rest[os.write(descriptor, rest) :]
