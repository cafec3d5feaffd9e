"""Where evidence goes: a bucket with object lock, or a folder, which enforces nothing and says so."""

import asyncio
import io
import os
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from minio import Minio
from minio.error import MinioException, S3Error
from minio.retention import Retention
from urllib3.exceptions import HTTPError

from snowlight.bucket_control import open_control
from snowlight.errors import FailedPreconditionError, NotFoundError, UnavailableError
from snowlight.object_store import StoreDescription

_READ_ONLY = 0o440
_PART_SIZE = 16 << 20
_COPIED_AT_ONCE = 1 << 20
SHORTEST_LOCK_MS = 300_000
"""A lock must end in the future by the store's clock as well."""
_NO_LOCK = {"InvalidRequest", "ObjectLockConfigurationNotFoundError", "NoSuchBucket"}
_LOCKED = {"InvalidRequest", "AccessDenied"}
"""MinIO and S3 for a version under a lock or a legal hold. AccessDenied is also whoever lacks the right."""

_T = TypeVar("_T")

LockMode = Literal["COMPLIANCE", "GOVERNANCE"]


class EvidenceStore(Protocol):
    """Raises UnavailableError when it does not answer."""

    immutable: bool
    """It enforces that nothing changes before an object's time is over."""

    async def size(self, key: str) -> int | None:
        """Of an object, bytes; None when there is none."""

    async def put(self, key: str, data: bytes, retain_until_ms: int) -> None:
        """Write an object that stays until then. Raises FailedPreconditionError where it would not."""

    async def put_file(self, key: str, path: Path, now_ms: int) -> None:
        """Write a file that may be deleted again, SHORTEST_LOCK_MS from now at the latest."""

    async def read(self, key: str) -> bytes:
        """An object. Raises NotFoundError("export.copy_gone")."""

    async def files(self, folder: str) -> set[str]:
        """Names of what lies below the folder, also of what a deletion has only hidden."""

    async def delete(self, folder: str, files: Collection[str]) -> None:
        """Delete these below the folder, every version of them.

        Raises FailedPreconditionError("evidence.locked") when a lock keeps some; the others are gone then.
        """


class LockedBucket:
    """A bucket with object lock (S3 Object Lock), made by `snowlight admin init-store`."""

    immutable = True

    def __init__(self, store: StoreDescription, mode: LockMode) -> None:
        assert store.bucket is not None
        self._store = store
        self._bucket = store.bucket
        self._mode = mode

    async def size(self, key: str) -> int | None:
        def look(control: Minio) -> int | None:
            try:
                return control.stat_object(bucket_name=self._bucket, object_name=key).size
            except S3Error as error:
                if error.code in ("NoSuchKey", "NoSuchBucket"):
                    return None
                raise

        return await self._call(look)

    async def put(self, key: str, data: bytes, retain_until_ms: int) -> None:
        until = datetime.fromtimestamp(retain_until_ms / 1000, UTC)

        def write(control: Minio) -> None:
            control.put_object(
                bucket_name=self._bucket,
                object_name=key,
                data=io.BytesIO(data),
                length=len(data),
                content_type="application/json" if key.endswith(".json") else "video/mp4",
                num_parallel_uploads=1,
                retention=Retention(self._mode, until),
            )

        await self._call(write)

    async def put_file(self, key: str, path: Path, now_ms: int) -> None:
        # A retention that is named comes before the bucket's own rule, which locks for as long as evidence.
        until = datetime.fromtimestamp((now_ms + SHORTEST_LOCK_MS) / 1000, UTC)

        def write(control: Minio) -> None:
            control.fput_object(
                bucket_name=self._bucket,
                object_name=key,
                file_path=str(path),
                content_type="video/mp4",
                part_size=_PART_SIZE,
                num_parallel_uploads=1,
                retention=Retention(self._mode, until),
            )

        await self._call(write)

    async def read(self, key: str) -> bytes:
        def get(control: Minio) -> bytes | None:
            try:
                response = control.get_object(bucket_name=self._bucket, object_name=key)
            except S3Error as error:
                if error.code == "NoSuchKey":
                    return None
                raise
            try:
                return bytes(response.read())
            finally:
                response.close()
                response.release_conn()

        if (data := await self._call(get)) is None:
            raise _gone(key)
        return data

    async def files(self, folder: str) -> set[str]:
        def look(control: Minio) -> set[str]:
            try:
                return {key.removeprefix(f"{folder}/") for key, _ in self._versions(control, folder)}
            except S3Error as error:
                if error.code == "NoSuchBucket":
                    return set()
                raise

        return await self._call(look)

    async def delete(self, folder: str, files: Collection[str]) -> None:
        keys = {f"{folder}/{file}" for file in files}

        def erase(control: Minio) -> list[str]:
            versions = [each for each in self._versions(control, folder) if each[0] in keys]
            return [code for each in versions if (code := self._refusal(control, *each))]

        if refusals := await self._call(erase):
            told = f"{len(refusals)} versions below {folder} stay: {', '.join(sorted(set(refusals)))}"
            raise FailedPreconditionError("evidence.locked", told)

    def _versions(self, control: Minio, folder: str) -> list[tuple[str, str | None]]:
        """Key and version of each object below the folder, and of each marker that hides one."""
        found = control.list_objects(
            bucket_name=self._bucket, prefix=f"{folder}/", recursive=True, include_version=True
        )
        return [(str(each.object_name), each.version_id) for each in found]

    def _refusal(self, control: Minio, key: str, version: str | None) -> str:
        """The code with which the bucket refuses to delete a version; empty when it is gone.

        One request each: MinIO knows no version in a DeleteObjects, and storage may delete nothing without.
        """
        try:
            control.remove_object(bucket_name=self._bucket, object_name=key, version_id=version)
        except S3Error as error:
            if error.code in _LOCKED:
                return error.code
            raise
        return ""

    async def _call(self, work: Callable[[Minio], _T]) -> _T:
        def call() -> _T:
            with open_control(self._store) as control:
                return work(control)

        try:
            return await asyncio.to_thread(call)
        except S3Error as error:
            if error.code in _NO_LOCK:
                raise FailedPreconditionError(
                    "evidence.not_lockable",
                    f"bucket {self._bucket} is missing or has no object lock: run snowlight admin init-store",
                ) from error
            raise UnavailableError("evidence.unavailable", f"bucket {self._bucket}: {error.code}") from error
        except (MinioException, HTTPError, OSError) as error:
            raise UnavailableError(
                "evidence.unavailable", f"bucket {self._bucket} does not answer"
            ) from error


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
            await asyncio.to_thread(_copy, path, self._folder / key)
        except OSError as error:
            raise UnavailableError(
                "evidence.unavailable", f"cannot write evidence: {error.strerror}"
            ) from error

    async def read(self, key: str) -> bytes:
        try:
            return await asyncio.to_thread((self._folder / key).read_bytes)
        except FileNotFoundError:
            raise _gone(key) from None
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


def _gone(key: str) -> NotFoundError:
    return NotFoundError("export.copy_gone", f"{key} is not in the evidence store")


def _copy(source: Path, path: Path) -> None:
    with source.open("rb") as file:
        _write(path, iter(partial(file.read, _COPIED_AT_ONCE), b""))


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    """Whole and durable, or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    with unfinished.open("wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    unfinished.chmod(_READ_ONLY)
    unfinished.replace(path)


def _delete(folder: Path, files: Collection[str]) -> None:
    """And the folder with the last of them."""
    for file in files:
        (folder / file).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()
