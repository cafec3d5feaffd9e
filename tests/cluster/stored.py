"""What is in the object store and in the spool, seen by an operator who looks into folder and bucket."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from snowlight.media.boxes import scan
from snowlight.media.fragment import ObjectKey
from tests.parts.minio import MinioServer


class Store(Protocol):
    """Where footage lies."""

    def objects(self, uid: str) -> list[ObjectKey]:
        """The objects of a camera, oldest first."""


class FolderStore:
    """The embedded default's."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "footage"

    def objects(self, uid: str) -> list[ObjectKey]:
        found = self._folder.glob(f"rec/{uid}/*/*.mp4")
        return _in_order(str(path.relative_to(self._folder)) for path in found)


class BucketStore:
    """A bucket of MinIO."""

    def __init__(self, server: MinioServer, bucket: str) -> None:
        self._client = server.client()
        self._bucket = bucket

    def objects(self, uid: str) -> list[ObjectKey]:
        listed = self._client.list_objects(bucket_name=self._bucket, prefix=f"rec/{uid}/", recursive=True)
        return _in_order(str(entry.object_name) for entry in listed)


class SpoolFolder:
    """The spool of an ingest that does not run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def end_ms(self, uid: str) -> int:
        """Where the camera's last whole fragment ends, ms since 1970 UTC."""
        last = scan(self._newest(uid)).fragments[-1]
        return last.start_ms + last.duration_ms

    def holds(self, uid: str, fragment: bytes) -> bool:
        """The newest file has these bytes."""
        return fragment in self._newest(uid)

    def _newest(self, uid: str) -> bytes:
        def start_ms(path: Path) -> int:
            return int(path.name.removeprefix(f"{uid}.").partition("-")[0])

        return max(self._folder.glob(f"{uid}.*.mp4"), key=start_ms).read_bytes()


def end_ms(key: ObjectKey) -> int:
    """Where the object's footage ends, ms since 1970 UTC."""
    return key.start_ms + key.duration_ms


def _in_order(keys: Iterable[str]) -> list[ObjectKey]:
    return sorted(map(ObjectKey.parse, keys), key=lambda key: key.start_ms)
