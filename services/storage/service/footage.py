"""The gRPC face of storage: messages in, messages out."""

from typing import Any

from services.storage.catalogue.completion import Completion
from services.storage.index.commit import Ledger, Outcome
from services.storage.index.queries import FootageIndex
from services.storage.segment import Segment
from services.storage.service.validation import (
    MAX_RANGE_MS,
    MAX_RANGE_WITH_FRAGMENTS_MS,
    check_range,
    parse_commit,
    parse_opening,
    parse_openings,
)
from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc

_OUTCOMES = {
    Outcome.COMMITTED: storage_pb2.CommitResult.COMMITTED,
    Outcome.DUPLICATE: storage_pb2.CommitResult.DUPLICATE,
    Outcome.SUPERSEDED: storage_pb2.CommitResult.SUPERSEDED,
}


class StorageService(storage_pb2_grpc.StorageServicer):
    """`snowlight.api.storage.v1.Storage`."""

    def __init__(
        self, ledger: Ledger, index: FootageIndex, completion: Completion, stores: frozenset[str]
    ) -> None:
        self._ledger = ledger
        self._index = index
        self._completion = completion
        self._stores = stores

    async def OpenEpoch(  # noqa: N802
        self, request: storage_pb2.OpenEpochRequest, context: Any
    ) -> storage_pb2.OpenEpochResponse:
        await self._ledger.open_epoch(parse_opening(request))
        return storage_pb2.OpenEpochResponse()

    async def OpenEpochs(  # noqa: N802
        self, request: storage_pb2.OpenEpochsRequest, context: Any
    ) -> storage_pb2.OpenEpochsResponse:
        newer = await self._ledger.open_epochs(parse_openings(request))
        return storage_pb2.OpenEpochsResponse(
            newer=[storage_pb2.NewerEpoch(shard=shard, epoch=epoch) for shard, epoch in newer.items()]
        )

    async def CommitSegments(  # noqa: N802
        self, request: storage_pb2.CommitSegmentsRequest, context: Any
    ) -> storage_pb2.CommitSegmentsResponse:
        outcomes = await self._ledger.commit(parse_commit(request, self._stores))
        return storage_pb2.CommitSegmentsResponse(
            results=[
                storage_pb2.CommitResult(key=segment.key, outcome=_OUTCOMES[outcome])
                for segment, outcome in zip(request.segments, outcomes, strict=True)
            ]
        )

    async def ListSegments(  # noqa: N802
        self, request: storage_pb2.ListSegmentsRequest, context: Any
    ) -> storage_pb2.ListSegmentsResponse:
        longest_ms = MAX_RANGE_MS if request.without_fragments else MAX_RANGE_WITH_FRAGMENTS_MS
        check_range(request, longest_ms)
        segments = await self._index.list_segments(
            request.camera_uid, request.start_ms, request.end_ms, fragments=not request.without_fragments
        )
        if not request.without_fragments:
            segments = await self._completion.complete(segments)
        return storage_pb2.ListSegmentsResponse(segments=[_message(segment) for segment in segments])

    async def GetTimeline(  # noqa: N802
        self, request: storage_pb2.GetTimelineRequest, context: Any
    ) -> storage_pb2.GetTimelineResponse:
        check_range(request, MAX_RANGE_MS)
        timeline = await self._index.timeline(request.camera_uid, request.start_ms, request.end_ms)
        return storage_pb2.GetTimelineResponse(
            spans=[storage_pb2.Span(start_ms=span.start_ms, end_ms=span.end_ms) for span in timeline.spans],
            gaps=[
                storage_pb2.Gap(
                    camera_uid=request.camera_uid,
                    start_ms=gap.start_ms,
                    end_ms=gap.end_ms,
                    cause=gap.cause,
                )
                for gap in timeline.gaps
            ],
        )


def _message(segment: Segment) -> storage_pb2.Segment:
    message = storage_pb2.Segment(
        camera_uid=segment.camera_uid,
        store=segment.store,
        key=str(segment.key),
        start_ms=segment.start_ms,
        duration_ms=segment.duration_ms,
        size=segment.size,
        epoch=segment.epoch,
        sequence=segment.sequence,
        session=segment.session,
        init8=segment.init8,
        init_size=segment.init_size,
        codecs=segment.codecs,
        sha256=segment.sha256,
    )
    if segment.fragments:
        message.fragments.MergeFromString(segment.fragments)
    return message
