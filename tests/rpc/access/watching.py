"""A reader of `Media.WatchLive`, and the camera that it watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from snowlight.api.access.v1 import media_pb2
from snowlight.media.fragment import Fragment
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door, Metadata
from tests.rpc.gateway.footage import Session, session

SOON_S = 10.0


class Reader:
    """Reads when it is told to."""

    def __init__(self, answers: AsyncIterator[media_pb2.WatchLiveResponse]) -> None:
        self._answers = answers
        self.token = ""
        """The newest that was told."""

    async def next(self, timeout_s: float = SOON_S) -> media_pb2.WatchLiveResponse:
        """The next message. Raises the tree's errors, TimeoutError when none comes."""
        with remote_errors("services/gateway"):
            async with asyncio.timeout(timeout_s):
                answer = await anext(self._answers)
        self.token = answer.fragment.resume_token or answer.access_unit.resume_token or self.token
        return answer

    async def take(self, count: int) -> list[media_pb2.WatchLiveResponse]:
        return [await self.next() for _ in range(count)]

    async def fragments(self, count: int) -> list[bytes]:
        """The next so many, and nothing else among them."""
        answers = await self.take(count)
        assert {answer.WhichOneof("event") for answer in answers} == {"fragment"}
        return [answer.fragment.data for answer in answers]


@asynccontextmanager
async def watching(
    bureau: Bureau,
    camera: str = "cameras/gate",
    officer: Metadata | None = None,
    *,
    timeout_s: float | None = None,
    **fields: object,
) -> AsyncIterator[Reader]:
    """A call, ended at the end. `fields` are the request's."""
    request = media_pb2.WatchLiveRequest(camera=camera, **fields)  # type: ignore[arg-type]
    metadata = bureau.officer() if officer is None else officer
    call = bureau.media.WatchLive(request, metadata=metadata, timeout=timeout_s)
    try:
        yield Reader(aiter(call))
    finally:
        call.cancel()


async def camera(door: Door, name: str = "gate", **fields: str) -> tuple[str, Session]:
    """One that has sent five whole segments and a part."""
    uid = await door.site.add_camera(name, **fields)
    footage = session(door.site.clock.now_ms() - 10_500, 30)
    await door.site.ingest.pictures.send(uid, footage.init, *footage.fragments[:21])
    return uid, footage


def data(*fragments: Fragment) -> list[bytes]:
    return [fragment.data for fragment in fragments]
