"""The one place that names the worker of a camera: ingest may be several processes (docs/sharding.md)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from snowlight.api.ingest.v1 import (
    camera_pb2,
    camera_pb2_grpc,
    health_pb2,
    health_pb2_grpc,
    live_pb2,
    live_pb2_grpc,
    shard_pb2,
    shard_pb2_grpc,
)
from snowlight.errors import FailedPreconditionError, NotFoundError, SnowlightError
from snowlight.rpc.channel import raw_stream
from snowlight.rpc.status import remote_errors
from snowlight.shards import SHARDS, shard_of

import grpc  # isort: skip

RETRY_SECONDS = 1.0
_INGEST = "services/ingest"
WRONG_WORKER = "ingest.wrong_worker"

_Answer = TypeVar("_Answer")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Worker:
    """Stubs of one worker."""

    cameras: camera_pb2_grpc.CameraRegistryAsyncStub
    live: live_pb2_grpc.LiveAsyncStub
    health: health_pb2_grpc.HealthReportsAsyncStub
    shards: shard_pb2_grpc.ShardsAsyncStub
    watch_live: Any
    """WatchLive, its answers serialised (`snowlight.media.envelope`)."""
    read_spool: Any
    """ReadSpool, its answers serialised."""

    @classmethod
    def of(cls, channel: grpc.aio.Channel) -> Worker:
        """The worker at the other end of `channel`."""
        service = "/snowlight.api.ingest.v1.Live"
        return cls(
            camera_pb2_grpc.CameraRegistryStub(channel),
            live_pb2_grpc.LiveStub(channel),
            health_pb2_grpc.HealthReportsStub(channel),
            shard_pb2_grpc.ShardsStub(channel),
            raw_stream(channel, f"{service}/WatchLive", live_pb2.WatchLiveRequest.SerializeToString),
            raw_stream(channel, f"{service}/ReadSpool", live_pb2.ReadSpoolRequest.SerializeToString),
        )


class IngestWorkers:
    """Calls that are for the worker which has a camera, and for the one whose spool may hold its newest
    minutes still. All raise the tree's errors.
    """

    def __init__(self, default: Worker, connect: Callable[[str], Worker], call_seconds: float) -> None:
        """`default` is reached where ingest is; `connect` opens a worker by its address. `call_seconds`: how
        long an answer is waited for."""
        self._call_seconds = call_seconds
        self._connect = connect
        self._workers = {"": default}
        self._addresses: Sequence[str] = ()
        self._owners = [""] * SHARDS
        self._previous = [""] * SHARDS

    async def follow(self) -> None:
        """Learn who owns what, until cancelled. What is known last holds while nobody tells."""
        while True:
            for address in ("", *self._addresses):
                try:
                    with remote_errors(_INGEST):
                        async for told in self._worker(address).shards.WatchShards(
                            shard_pb2.WatchShardsRequest()
                        ):
                            self._learn(told)
                except SnowlightError as error:
                    log.debug("gateway.shards_unknown", reason=str(error))
            await asyncio.sleep(RETRY_SECONDS)

    async def watch_live(self, request: live_pb2.WatchLiveRequest) -> AsyncIterator[bytes]:
        """The live pictures of a camera, from its owner."""
        shard = shard_of(request.camera_uid)
        try:
            with remote_errors(_INGEST):
                async for message in self._worker(self._owners[shard]).watch_live(request):
                    yield message
        except FailedPreconditionError as error:
            self._correct(shard, error)
            raise

    async def list_spool(self, request: live_pb2.ListSpoolRequest) -> live_pb2.ListSpoolResponse:
        """What is in no store yet, oldest first, wherever it lies. Its owner tells what goes on."""
        owner, *others = self._holders(request.camera_uid)
        with remote_errors(_INGEST):
            answer = await owner.live.ListSpool(request, timeout=self._call_seconds)
        for other in others:
            try:
                with remote_errors(_INGEST):
                    more = await other.live.ListSpool(request, timeout=self._call_seconds)
            except SnowlightError as error:  # it comes back, and its minutes with it
                log.debug("gateway.spool_unknown", reason=str(error))
            else:
                files = sorted([*answer.files, *more.files], key=lambda file: (file.start_ms, file.epoch))
                del answer.files[:]
                answer.files.extend(files)
        return answer

    async def read_spool(self, request: live_pb2.ReadSpoolRequest) -> list[bytes]:
        """The messages with the bytes of a file, from who has it. Raises NotFoundError once it is gone."""
        *first, last = self._holders(request.camera_uid)
        for worker in first:
            try:
                return await self._read(worker, request)
            except NotFoundError:
                continue
        return await self._read(last, request)

    async def status(self, camera: camera_pb2.Camera) -> camera_pb2.CameraStatus:
        """What a camera is doing, from its owner."""
        request = camera_pb2.GetCameraStatusRequest(name=camera.name)
        return await self._of_owner(
            camera.uid, lambda worker: worker.cameras.GetCameraStatus(request, timeout=self._call_seconds)
        )

    async def health(self, camera: camera_pb2.Camera) -> health_pb2.CameraHealth:
        """How well a camera's stream comes, from its owner."""
        request = health_pb2.GetCameraHealthRequest(name=camera.name)
        return await self._of_owner(
            camera.uid, lambda worker: worker.health.GetCameraHealth(request, timeout=self._call_seconds)
        )

    async def renditions(self, uid: str, seconds: float) -> Sequence[live_pb2.Rendition]:
        """The renditions of a camera, the main one first, from its owner within `seconds`."""
        request = live_pb2.ListRenditionsRequest(camera_uid=uid)
        answer = await self._of_owner(
            uid, lambda worker: worker.live.ListRenditions(request, timeout=seconds)
        )
        return answer.renditions

    async def _read(self, worker: Worker, request: live_pb2.ReadSpoolRequest) -> list[bytes]:
        with remote_errors(_INGEST):
            answers = worker.read_spool(request, timeout=self._call_seconds)
            return [message async for message in answers]

    async def _of_owner(self, uid: str, call: Callable[[Worker], Awaitable[_Answer]]) -> _Answer:
        """The answer of who has a camera; of who is named instead, where that is another one by now."""
        shard = shard_of(uid)
        try:
            with remote_errors(_INGEST):
                return await call(self._worker(self._owners[shard]))
        except FailedPreconditionError as error:
            self._correct(shard, error)
        with remote_errors(_INGEST):
            return await call(self._worker(self._owners[shard]))

    def _holders(self, uid: str) -> list[Worker]:
        """The owner of a camera, and who had it before."""
        shard = shard_of(uid)
        addresses = dict.fromkeys((self._owners[shard], self._previous[shard]))
        return [self._worker(address) for address in addresses]

    def _worker(self, address: str) -> Worker:
        worker = self._workers.get(address)
        if worker is None:
            worker = self._workers[address] = self._connect(address)
        return worker

    def _learn(self, told: shard_pb2.WatchShardsResponse) -> None:
        self._addresses = list(told.addresses)
        for shard, (owner, before) in enumerate(zip(told.owners, told.previous, strict=True)):
            if owner:
                self._owners[shard] = told.addresses[owner - 1]
            self._previous[shard] = told.addresses[before - 1] if before else self._owners[shard]

    def _correct(self, shard: int, error: FailedPreconditionError) -> None:
        """A worker that is not the owner has named it. Raises `error` when it has not."""
        if error.code != WRONG_WORKER or "owner" not in error.metadata:
            raise error
        self._owners[shard] = error.metadata["owner"]
