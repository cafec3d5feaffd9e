"""Evidence in a local folder."""

import asyncio
import os
from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path

from services.storage.exports.evidence_store import copy_gone
from snowlight.errors import UnavailableError

_READ_ONLY = 0o440
_COPIED_AT_ONCE = 1 << 20


class Folder:
    """A local folder. Its files are made read-only; whoever owns the machine can change them all the same."""

    immutable = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def size(self, key: str) -> int | None:
        try:
            return (await asyncio.to_thread((self._folder / key).stat)).st_size
        except FileNotFoundError:
            return None

    async def put(self, key: str, data: bytes, retain_until_ms: int) -> None:
        try:
            await asyncio.to_thread(_write, self._folder / key, [data])
        except OSError as error:
            raise UnavailableError(
                "evidence.unavailable", f"cannot write evidence: {error.strerror}"
            ) from error

    async def put_file(self, key: str, path: Path, now_ms: int) -> None:
        try:
            await asyncio.to_thread(_take, path, self._folder / key)
        except OSError as error:
            raise UnavailableError(
                "evidence.unavailable", f"cannot write evidence: {error.strerror}"
            ) from error

    async def read(self, key: str) -> bytes:
        try:
            return await asyncio.to_thread((self._folder / key).read_bytes)
        except FileNotFoundError:
            raise copy_gone(key) from None
        except OSError as error:
            raise UnavailableError(
                "evidence.unavailable", f"cannot read evidence: {error.strerror}"
            ) from error

    async def files(self, folder: str) -> set[str]:
        try:
            return set(await asyncio.to_thread(os.listdir, self._folder / folder))
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise UnavailableError(
                "evidence.unavailable", f"cannot read evidence: {error.strerror}"
            ) from error

    async def delete(self, folder: str, files: Collection[str]) -> None:
        try:
            await asyncio.to_thread(_delete, self._folder / folder, files)
        except OSError as error:
            raise UnavailableError(
                "evidence.unavailable", f"cannot delete evidence: {error.strerror}"
            ) from error


def _take(source: Path, path: Path) -> None:
    """The file itself where it lies on the same file system: nothing is copied then."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _unfinished(path)
    unfinished.unlink(missing_ok=True)
    try:
        unfinished.hardlink_to(source)
    except OSError:
        _copy(source, path)
        return
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    _finish(unfinished, path)


def _copy(source: Path, path: Path) -> None:
    with source.open("rb") as file:
        _write(path, iter(partial(file.read, _COPIED_AT_ONCE), b""))


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Whole and durable, or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = _unfinished(path)
    with unfinished.open("wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    _finish(unfinished, path)


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + ".unfinished")


def _finish(unfinished: Path, path: Path) -> None:
    unfinished.chmod(_READ_ONLY)
    unfinished.replace(path)
    unfinished.unlink(missing_ok=True)  # which stays where both were one file already (rename(2))


def _delete(folder: Path, files: Collection[str]) -> None:
    """And the folder with the last of them."""
    for file in files:
        (folder / file).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()
