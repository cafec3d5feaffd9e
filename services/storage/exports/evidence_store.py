"""Where evidence goes: a bucket with object lock, or a folder, which enforces nothing and says so."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from snowlight.errors import NotFoundError

SHORTEST_LOCK_MS = 300_000
"""A lock must end in the future by the store's clock as well."""


class EvidenceStore(Protocol):
    """Raises UnavailableError when it does not answer."""

    immutable: bool
    """It enforces that nothing changes before an object's time is over."""

    async def size(self, key: str) -> int | None:
        """Of an object, bytes; None when there is none."""

    async def put(self, key: str, data: bytes, retain_until_ms: int) -> None:
        """Write an object that stays until then. Raises FailedPreconditionError where it would not."""

    async def put_file(self, key: str, path: Path, now_ms: int) -> None:
        """Write a file that may be deleted again, SHORTEST_LOCK_MS from now at the latest. It may become the
        file of `path` itself, which nobody writes to any more."""

    async def read(self, key: str) -> bytes:
        """An object. Raises NotFoundError("export.copy_gone")."""

    async def files(self, folder: str) -> set[str]:
        """Names of what lies below the folder, also of what a deletion has only hidden."""

    async def delete(self, folder: str, files: Collection[str]) -> None:
        """Delete these below the folder, every version of them.

        Raises FailedPreconditionError("evidence.locked") when a lock keeps some; the others are gone then.
        """


def copy_gone(key: str) -> NotFoundError:
    """What reading an object raises that is not there."""
    return NotFoundError("export.copy_gone", f"{key} is not in the evidence store")
