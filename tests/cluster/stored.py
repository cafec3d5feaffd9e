"""What is in the object store, seen by an operator who looks into the folder or the bucket."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

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


def end_ms(key: ObjectKey) -> int:
    """Where the object's footage ends, ms since 1970 UTC."""
    return key.start_ms + key.duration_ms


def _in_order(keys: Iterable[str]) -> list[ObjectKey]:
    return sorted(map(ObjectKey.parse, keys), key=lambda key: key.start_ms)
