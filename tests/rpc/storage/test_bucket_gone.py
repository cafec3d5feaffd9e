"""A bucket that is gone is a store that does not answer: nothing else ends by it."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from services.storage.stores.objects import copy, delete, list_all, read, write
from snowlight.errors import UnavailableError
from snowlight.object_store import open_store
from tests.parts.minio import MinioServer

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

KEY = "meta/ledger/20261128/1-1.pb"


@pytest.fixture
def gone(minio_server: MinioServer, tmp_path: Path) -> "ObjectStore":
    return open_store(minio_server.store("no-such-bucket"), tmp_path)


@pytest.mark.parametrize(
    "call",
    [
        lambda store: write(store, KEY, b"batch"),
        lambda store: delete(store, [KEY]),
        lambda store: list_all(store, "meta/"),
    ],
    ids=["write", "delete", "list"],
)
async def test_it_does_not_answer(
    gone: "ObjectStore", call: "Callable[[ObjectStore], Awaitable[object]]"
) -> None:
    with pytest.raises(UnavailableError, match="the store does not answer"):
        await call(gone)


async def test_what_is_looked_for_in_it_is_not_there(gone: "ObjectStore") -> None:
    assert await read(gone, KEY) is None
    with pytest.raises(FileNotFoundError):
        await copy(gone, KEY, "aside/x")
