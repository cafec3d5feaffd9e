"""A worker stops by its own clock before others may take its shards."""

from services.ingest.shards.lease import EXPIRY_SECONDS, FENCE_SECONDS, Fence
from tests.unit.media.feed import HandClock


def test_the_fence_shuts_before_the_lease_expires() -> None:
    clock = HandClock()
    fence = Fence(clock)
    sent = clock.monotonic()
    clock.ms += 3_000  # the answer was long in coming
    fence.renew(sent, alone=False)
    clock.ms = sent * 1000 + FENCE_SECONDS * 1000 - 1
    assert fence.is_open
    clock.ms += 2
    assert not fence.is_open
    assert clock.monotonic() < sent + EXPIRY_SECONDS


def test_a_worker_alone_goes_on_through_an_outage_of_the_database() -> None:
    clock = HandClock()
    fence = Fence(clock)
    fence.renew(clock.monotonic(), alone=True)
    clock.ms += 3_600_000
    assert fence.is_open
