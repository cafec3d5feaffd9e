"""Strangers at the door are counted so that nobody takes all places."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from services.ingest.publishing.admission import Admission
from services.ingest.publishing.doorway import MOST_OF_ADDRESS, MOST_WAITING, Doorway, Visit
from services.ingest.publishing.metrics import PublishingMetrics
from snowlight.errors import ResourceExhaustedError


def open_doorway() -> Doorway:
    def start(asking: Coroutine[Any, Any, None]) -> object:
        raise AssertionError("nobody shows a key here")

    return Doorway(cast(Admission, None), start, PublishingMetrics(CollectorRegistry()))


def enter(doorway: Doorway, address: str) -> Visit | None:
    try:
        return doorway.enter(address, lambda error: None)
    except ResourceExhaustedError:
        return None


@pytest.mark.parametrize(
    ("addresses", "other"),
    [
        ([f"2001:db8:0:1::{number:x}" for number in range(MOST_WAITING)], "2001:db8:0:2::1"),
        (["203.0.113.9", "::ffff:203.0.113.9"] * MOST_OF_ADDRESS, "::ffff:203.0.113.10"),
    ],
    ids=["a /64", "IPv4, mapped too"],
)
async def test_a_subscriber_has_the_places_of_one_address(addresses: list[str], other: str) -> None:
    doorway = open_doorway()
    visits = [visit for address in addresses if (visit := enter(doorway, address)) is not None]
    assert len(visits) == MOST_OF_ADDRESS
    stranger = enter(doorway, other)
    assert stranger is not None, "it is somebody else's"
    for visit in visits:
        visit.end()
        visit.end()
    again = [visit for address in addresses if (visit := enter(doorway, address)) is not None]
    assert len(again) == MOST_OF_ADDRESS, "whoever left made room, once"
    for visit in (*again, stranger):
        visit.end()
