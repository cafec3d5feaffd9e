"""Following auth's feed of revocations, through every outage of auth."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from snowlight.access.revocations import Revocation, Revocations
from snowlight.api.auth.v1 import revocation_pb2
from snowlight.camera_feed import follow_forever
from snowlight.errors import UnavailableError
from snowlight.rpc.status import remote_errors

if TYPE_CHECKING:
    from snowlight.api.auth.v1 import revocation_pb2_grpc

SILENCE_S = 10.0
"""Auth says something every two seconds: a stream that is silent for so long is dead, whatever TCP thinks."""

log = structlog.get_logger(__name__)


async def follow_revocations(
    stub: revocation_pb2_grpc.RevocationsAsyncStub, revocations: Revocations
) -> None:
    """Keep `revocations` up to date until cancelled."""
    await follow_forever(lambda: _follow_once(stub, revocations), feed="revocation_feed")


async def _follow_once(stub: revocation_pb2_grpc.RevocationsAsyncStub, revocations: Revocations) -> None:
    asked = revocations.sequence
    call = stub.WatchRevocations(revocation_pb2.WatchRevocationsRequest(sequence=asked))
    try:
        with remote_errors("services/auth"):
            answers = aiter(call)
            while True:
                try:
                    async with asyncio.timeout(SILENCE_S):
                        answer = await anext(answers)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise UnavailableError("auth.feed_silent", "auth tells nothing of revocations") from error
                if answer.WhichOneof("event") == "revoked":
                    revocations.add(_revocation(answer.revoked))
                elif answer.synced < asked:
                    log.warning("revocation_feed.replaced")
                    revocations.start_over()
                    return
                else:
                    revocations.heard(answer.synced)
    finally:
        call.cancel()


def _revocation(message: revocation_pb2.Revocation) -> Revocation:
    return Revocation(message.sequence, message.kind, message.subject, message.create_time.ToMilliseconds())
