"""A camera's footage, and a reader of `Media.StreamRecording`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import obstore

from snowlight.api.access.v1 import media_pb2
from snowlight.media.access_envelope import to_timestamp
from snowlight.media.boxes import box
from snowlight.media.fragment import Fragment
from snowlight.rpc.status import remote_errors
from tests.rpc.access.door import Bureau, Door, Metadata
from tests.rpc.gateway.footage import Session, session

LENGTH_S = 24
SOON_S = 10.0
Answer = media_pb2.StreamRecordingResponse


@dataclass(frozen=True)
class Recorded:
    """A camera of whose footage, 24 s long, the second half is not in the store yet."""

    door: Door
    name: str
    uid: str
    footage: Session
    key: str
    """Of the object in the store."""
    sequence: int
    """Its own."""

    @property
    def start_ms(self) -> int:
        return self.footage.fragments[0].start_ms

    @property
    def end_ms(self) -> int:
        return self.footage.fragments[-1].end_ms

    def window(self, start_ms: int = 0, end_ms: int = LENGTH_S * 1000) -> dict[str, Any]:
        """Fields of a request; both from the footage's start on."""
        return {
            "start_time": to_timestamp(self.start_ms + start_ms),
            "end_time": to_timestamp(self.start_ms + end_ms),
        }

    async def settle(self) -> None:
        """The newest minute goes to the store."""
        for file in list(self.door.site.ingest.pictures.spool[self.uid]):
            await self.door.site.commit(self.uid, file)

    async def lose(self, kept: int | None = None) -> None:
        """The object in the store is gone, or all but `kept` bytes of it; the index tells of it still."""
        if kept is None:
            await obstore.delete_async(self.door.site.footage, self.key)
            return
        whole = bytes(await (await obstore.get_async(self.door.site.footage, self.key)).bytes_async())
        await obstore.put_async(self.door.site.footage, self.key, whole[:kept])


async def record(
    door: Door, camera_id: str, *, gap_ms: int = 0, pass_s: float = 0, padding: int = 0, **fields: str
) -> Recorded:
    """`gap_ms`: the second half is a session of its own, and begins so much later. `pass_s`: the camera was
    registered so long ago, and its footage is of since then. `padding`: bytes of each fragment beside its
    pictures. `fields`: the camera's."""
    uid = await door.site.add_camera(camera_id, **fields)
    half_ms = LENGTH_S * 500
    start_ms = door.site.clock.now_ms() // 1000 * 1000 + (1_000 if pass_s else -180_000)
    if pass_s:
        await door.site.pass_time(pass_s)
    footage = session(start_ms, LENGTH_S)
    if padding:
        footage = Session(footage.init, [_padded(fragment, padding) for fragment in footage.fragments])
    first = footage.between(start_ms, start_ms + half_ms)
    rest = footage.fragments[len(first) :]
    file = door.site.spool(uid, footage.init, first)
    await door.site.commit(uid, file)
    if gap_ms:
        later = session(start_ms + half_ms + gap_ms, LENGTH_S // 2)
        footage, rest = Session(footage.init, first + later.fragments), later.fragments
        door.site.spool(uid, later.init, rest)
    else:
        door.site.spool(uid, footage.init, rest)
    return Recorded(door, f"cameras/{camera_id}", uid, footage, file.listing.key, file.listing.sequence)


def _padded(fragment: Fragment, size: int) -> Fragment:
    return replace(fragment, chunks=(fragment.data, box(b"free", bytes(size))))


class Reader:
    """Reads when it is told to."""

    def __init__(self, answers: AsyncIterator[Answer]) -> None:
        self._answers = answers
        self.token = ""
        """The newest that was told."""

    async def next(self, timeout_s: float = SOON_S) -> Answer:
        """The next message. Raises the tree's errors; StopAsyncIteration at the end."""
        with remote_errors("services/gateway"):
            async with asyncio.timeout(timeout_s):
                answer = await anext(self._answers)
        self.token = answer.fragment.resume_token or answer.access_unit.resume_token or self.token
        return answer

    async def all(self) -> list[Answer]:
        """All that is still to come."""
        answers = []
        try:
            while True:
                answers.append(await self.next())
        except StopAsyncIteration:
            return answers


@asynccontextmanager
async def streaming(
    bureau: Bureau, camera: str, officer: Metadata | None = None, **fields: Any
) -> AsyncIterator[Reader]:
    """A call, ended at the end. `fields` are the request's."""
    request = media_pb2.StreamRecordingRequest(camera=camera, **fields)
    call = bureau.media.StreamRecording(request, metadata=bureau.officer() if officer is None else officer)
    try:
        yield Reader(aiter(call))
    finally:
        call.cancel()


async def streamed(
    bureau: Bureau, camera: str, officer: Metadata | None = None, **fields: Any
) -> list[Answer]:
    """All that a call tells."""
    async with streaming(bureau, camera, officer, **fields) as reader:
        return await reader.all()


def kinds(answers: list[Answer]) -> list[str]:
    """What is told, the same in a row once."""
    told: list[str] = []
    for answer in answers:
        kind = str(answer.WhichOneof("event"))
        if told[-1:] != [kind]:
            told.append(kind)
    return told


def fragments(answers: list[Answer]) -> list[bytes]:
    return [answer.fragment.data for answer in answers if answer.WhichOneof("event") == "fragment"]


def data(footage: list[Fragment]) -> list[bytes]:
    return [fragment.data for fragment in footage]
