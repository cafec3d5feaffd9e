"""Evidence in a bucket with object lock, by `minio`, which blocks: a thread for each call."""

import asyncio
import io
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

from minio import Minio
from minio.error import MinioException, S3Error
from minio.retention import Retention
from urllib3.exceptions import HTTPError

from services.storage.exports.evidence_store import SHORTEST_LOCK_MS, copy_gone
from snowlight.bucket_control import open_control
from snowlight.errors import FailedPreconditionError, UnavailableError
from snowlight.object_store import StoreDescription

_PART_SIZE = 16 << 20
_NO_LOCK = {"InvalidRequest", "ObjectLockConfigurationNotFoundError", "NoSuchBucket"}
_LOCKED = {"InvalidRequest", "AccessDenied"}
"""MinIO and S3 for a version under a lock or a legal hold. AccessDenied is also whoever lacks the right."""

_T = TypeVar("_T")

LockMode = Literal["COMPLIANCE", "GOVERNANCE"]


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
            raise copy_gone(key)
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
