"""A service that is gone without a word is noticed by who waits for it."""

import asyncio

import pytest

from snowlight.access.service_token import ServiceTokens
from snowlight.api.ingest.v1 import live_pb2, live_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.errors import UnavailableError
from snowlight.rpc.channel import open_channel
from snowlight.rpc.status import remote_errors
from tests.rpc.gateway.relay import relaying
from tests.rpc.runtime.test_balancing import KEY, LONG, pods

PINGED_AFTER_S = 1.0
"""Of silence; in a running cluster 30 s."""
ANSWERED_S = 10.0


async def test_a_ping_that_is_not_answered_in_ten_seconds_ends_the_calls() -> None:
    tokens = ServiceTokens(KEY, "gateway", SystemClock())
    options = [("grpc.keepalive_time_ms", int(PINGED_AFTER_S * 1000))]
    async with (
        pods("127.0.0.1") as (pod,),
        relaying(pod.address) as way,
        open_channel(way.address, tokens, TlsSettings(), allow_plaintext=True, options=options) as channel,
    ):
        stub: live_pb2_grpc.LiveAsyncStub = live_pb2_grpc.LiveStub(channel)
        call = stub.ReadSpool(live_pb2.ReadSpoolRequest(key=LONG))
        answers = aiter(call)
        assert (await anext(answers)).data == b"begun"
        way.silence()
        with pytest.raises(UnavailableError), remote_errors("services/ingest"):
            async with asyncio.timeout(PINGED_AFTER_S + ANSWERED_S + 5):
                await anext(answers)
