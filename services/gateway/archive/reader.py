"""Bytes of recordings: one ranged GET from the object store, or ReadSpool while there is no object yet."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError

from services.gateway.archive.index import FootageIndex
from services.gateway.archive.recording import Recording
from services.gateway.peers import Peers
from snowlight.api.ingest.v1 import live_pb2
from snowlight.errors import DataLossError, NotFoundError, UnavailableError
from snowlight.media.envelope import decode_spool_data

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_INITS_KEPT = 512


class FootageReader:
    """Reads recordings wherever they lie, also while one moves from the spool to a store."""

    def __init__(self, peers: Peers, index: FootageIndex, stores: Mapping[str, ObjectStore]) -> None:
        self._peers = peers
        self._index = index
        self._stores = stores
        self._inits: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def read(self, recording: Recording, offset: int, size: int) -> bytes:
        """`size` bytes at `offset`. Raises NotFoundError when the footage is gone, UnavailableError when the
        place where it lies is away."""
        if recording.store is not None:
            return await self._from_store(recording, recording.store, offset, size)
        try:
            return await self._from_spool(recording, offset, size)
        except NotFoundError:
            moved = await self._committed(recording) or await self._committed(recording)
            if moved is None:
                raise
            return await self._from_store(moved, moved.store or "", offset, size)

    async def init_section(self, recording: Recording) -> bytes:
        """The recording's `[ftyp moov]`."""
        key = (recording.camera_uid, recording.init8)
        data = self._inits.get(key)
        if data is None:
            data = self._inits[key] = await self.read(recording, 0, recording.init_size)
        self._inits.move_to_end(key)
        if len(self._inits) > _INITS_KEPT:
            self._inits.popitem(last=False)
        return data

    async def _committed(self, recording: Recording) -> Recording | None:
        """The same recording once it is in a store. An answer that was under way already may be too old."""
        for found in await self._index.between(
            recording.camera_uid, recording.start_ms, recording.start_ms + 1, max_age_s=0
        ):
            same = (found.epoch, found.sequence) == (recording.epoch, recording.sequence)
            if same and found.store is not None:
                return found
        return None

    async def _from_store(self, recording: Recording, store_name: str, offset: int, size: int) -> bytes:
        store = self._stores.get(store_name)
        if store is None:
            raise UnavailableError("store.unknown", f"this gateway does not reach the store {store_name}")
        try:
            data = bytes(await obstore.get_range_async(store, recording.key, start=offset, length=size))
        except (ObjectNotFoundError, FileNotFoundError) as error:
            raise NotFoundError("vod.footage_gone", "this footage is no longer kept") from error
        except (BaseError, OSError) as error:
            raise UnavailableError("store.unavailable", "the object store did not answer") from error
        return _whole(data, size)

    async def _from_spool(self, recording: Recording, offset: int, size: int) -> bytes:
        request = live_pb2.ReadSpoolRequest(
            camera_uid=recording.camera_uid, key=recording.key, offset=offset, length=size
        )
        messages = await self._peers.workers.read_spool(request)
        chunks = [decode_spool_data(message) for message in messages]
        return _whole(b"".join(chunks), size)


def _whole(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise DataLossError("vod.footage_short", f"{len(data)} of {size} bytes are there")
    return data
