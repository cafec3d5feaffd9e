"""Where a camera's time went by storage's books: all of it is recorded, or in a gap with its cause."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.rpc.channel import open_channel

_NO_CAUSE = "unknown"


@dataclass(frozen=True)
class Account:
    """Of one camera, ms."""

    asked_ms: int
    recorded_ms: int
    gap_ms: Counter[str]
    """By cause."""
    gaps: int

    @property
    def unexplained_ms(self) -> int:
        """Neither recorded nor in a gap that somebody gave a cause."""
        return self.asked_ms - self.recorded_ms - (self.gap_ms.total() - self.gap_ms[_NO_CAUSE])


async def accounts_of(
    address: str, cluster_key: str, uids: Sequence[str], start_ms: int, end_ms: int
) -> list[Account]:
    """One for each of `uids`, of the time from `start_ms` to `end_ms`."""
    tokens = ServiceTokens(ClusterKey(cluster_key), "gateway", SystemClock())
    async with open_channel(address, tokens, TlsSettings()) as channel:
        index: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
        found = []
        for uid in uids:
            timeline = await index.GetTimeline(
                storage_pb2.GetTimelineRequest(camera_uid=uid, start_ms=start_ms, end_ms=end_ms)
            )
            gap_ms: Counter[str] = Counter()
            for gap in timeline.gaps:
                gap_ms[gap.cause] += gap.end_ms - gap.start_ms
            recorded_ms = sum(span.end_ms - span.start_ms for span in timeline.spans)
            found.append(Account(end_ms - start_ms, recorded_ms, gap_ms, len(timeline.gaps)))
        return found
