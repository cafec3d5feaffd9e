"""A package whose bytes are known before any of them is read."""

import io
import zipfile
import zlib
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.evidence.package import Entry, Package, Stored
from services.gateway.http.ranges import read_range

TIME_MS = 1_795_000_000_000
FILES = {"exp/1/rendered/a.mp4": bytes(range(256)) * 40, "exp/1/rendered/b.mp4": b"film" * 999}


def stored(key: str, size: int | None = None) -> Stored:
    content = FILES[key]
    return Stored(key, len(content) if size is None else size, zlib.crc32(content), "uid")


def bytes_of(package: Package, start: int, end: int, files: Mapping[str, bytes] = FILES) -> bytes:
    parts = [
        (each.of if isinstance(each.of, bytes) else files[each.of.key])[each.start : each.end]
        for each in package.between(start, end)
    ]
    return b"".join(parts)


PACKAGE = Package(
    [
        Entry("e/清单.json", b"{}"),
        Entry("e/rendered/a.mp4", stored("exp/1/rendered/a.mp4")),
        Entry("e/rendered/b.mp4", stored("exp/1/rendered/b.mp4")),
    ],
    TIME_MS,
)
WHOLE = bytes_of(PACKAGE, 0, PACKAGE.size)


def test_it_is_a_zip_of_its_files() -> None:
    assert len(WHOLE) == PACKAGE.size
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as found:
        assert found.testzip() is None
        assert found.namelist() == ["e/清单.json", "e/rendered/a.mp4", "e/rendered/b.mp4"]
        assert found.read("e/rendered/b.mp4") == FILES["exp/1/rendered/b.mp4"]
        assert found.infolist()[0].date_time[:3] == (2026, 11, 18)


@given(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)))
def test_any_part_of_it_is_the_same_as_in_the_whole(start: int, end: int) -> None:
    assert bytes_of(PACKAGE, start, end) == WHOLE[start:end]


@pytest.mark.parametrize("size", [0xFFFF_FFFE, 0xFFFF_FFFF, 5 << 30])
def test_files_and_offsets_beyond_four_gigabytes_are_told_by_zip64(size: int) -> None:
    large = stored("exp/1/rendered/a.mp4", size)
    package = Package([Entry("a", large), Entry("b", large), Entry("c", b"end")], TIME_MS)
    with zipfile.ZipFile(_Sparse(package)) as found:
        assert [each.file_size for each in found.infolist()] == [size, size, 3]
        assert [each.compress_size for each in found.infolist()] == [size, size, 3]
        assert found.read("c") == b"end"


class _Sparse(io.RawIOBase):
    """A package whose stored files are nothing but zeros."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._at = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._package.size)[whence]
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self._package.size if size < 0 else min(self._at + size, self._package.size)
        parts = [
            each.of[each.start : each.end] if isinstance(each.of, bytes) else bytes(each.end - each.start)
            for each in self._package.between(self._at, end)
        ]
        self._at = max(self._at, end)
        return b"".join(parts)


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        (None, 200, (0, 100)),
        ("bytes=0-", 200, (0, 100)),
        ("bytes=10-19", 206, (10, 20)),
        ("Bytes = 10 - 1000", 206, (10, 100)),
        ("bytes=-30", 206, (70, 100)),
        ("bytes=-1000", 200, (0, 100)),
        ("bytes=-0", 416, None),
        ("bytes=100-", 416, None),
        ("bytes=0-1,5-6", 200, (0, 100)),
        ("bytes=x-", 200, (0, 100)),
        ("bytes=٣-", 200, (0, 100)),
        ("bytes=" + "9" * 400 + "-", 200, (0, 100)),
    ],
)
def test_a_range_is_read_as_rfc_9110_says(
    asked: str | None, status: int, told: tuple[int, int] | None
) -> None:
    wanted = read_range(asked, None, '"tag"', 100)
    assert wanted.status == status
    if told is not None:
        assert (wanted.start, wanted.end) == told
    else:
        assert wanted.headers["Content-Range"] == "bytes */100"


def test_another_representation_is_sent_whole() -> None:
    assert read_range("bytes=5-", '"tag"', '"tag"', 100).status == 206
    for other in ('"older"', 'W/"tag"', "Fri, 27 Nov 2026 08:00:00 GMT"):
        assert read_range("bytes=5-", other, '"tag"', 100).status == 200
