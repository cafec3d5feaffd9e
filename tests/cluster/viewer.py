"""A viewer who takes every fragment as soon as ingest hands it out, as a gateway does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from pydantic import SecretStr

from snowlight.api.ingest.v1 import live_pb2
from snowlight.config import ClusterSettings
from snowlight.errors import UnavailableError
from snowlight.media.envelope import decode_live
from snowlight.media.fragment import Fragment
from snowlight.rpc.channel import raw_stream
from snowlight.rpc.status import remote_errors
from snowlight.runtime import Runtime, build_runtime
from tests.parts.snowlight import Snowlight


class Viewer:
    """Of one camera, from now on until ingest is gone."""

    def __init__(self, watch: AsyncIterator[bytes]) -> None:
        self._received: list[Fragment] = []
        self._watching = asyncio.create_task(self._watch(watch))

    async def received(self) -> list[Fragment]:
        """All that came, once ingest is gone."""
        await asyncio.wait_for(self._watching, 30)
        return self._received

    def leave(self) -> None:
        """Watch no longer."""
        self._watching.cancel()

    async def _watch(self, stream: AsyncIterator[bytes]) -> None:
        try:
            with remote_errors("services/ingest"):
                async for message in stream:
                    event = decode_live(message)
                    if isinstance(event, Fragment):
                        self._received.append(event)
        except UnavailableError:
            return
        raise AssertionError("the stream ended, and ingest did not")


@asynccontextmanager
async def viewing(snowlight: Snowlight, uids: list[str]) -> AsyncIterator[dict[str, Viewer]]:
    """A viewer of each camera, by uid."""
    key = snowlight.environment.get("SNOWLIGHT_CLUSTER_KEY")
    settings = ClusterSettings(data_dir=snowlight.data_dir, cluster_key=SecretStr(key) if key else None)
    runtime: Runtime = build_runtime("gateway", settings)
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(runtime.channel(snowlight.addresses["ingest"]))
        watch = raw_stream(
            channel, "/snowlight.api.ingest.v1.Live/WatchLive", live_pb2.WatchLiveRequest.SerializeToString
        )
        viewers = {uid: Viewer(watch(live_pb2.WatchLiveRequest(camera_uid=uid))) for uid in uids}
        for viewer in viewers.values():
            stack.callback(viewer.leave)
        yield viewers
