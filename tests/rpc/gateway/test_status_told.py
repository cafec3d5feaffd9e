"""A camera's status tells its past as far as the camera may be seen, and how it is now to whoever sees it."""

from __future__ import annotations

from typing import Any

import pytest

from snowlight.api.ingest.v1 import camera_pb2
from snowlight.instants import format_instant
from tests.rpc.gateway.street import Past, Street, in_ms


class Away(Past):
    """The home's camera was away from minute 5 to 15 and again from 30 on; now it is minute 40."""

    async def told(self, by: str) -> tuple[list[tuple[float, float | None]], list[float]]:
        """Gaps and changes in minutes, newest first."""
        status = await self.status(by)
        gaps = [
            (self.minute(in_ms(gap["start"])), self.minute(in_ms(gap["end"])) if "end" in gap else None)
            for gap in status["gaps"]
        ]
        return gaps, [self.minute(in_ms(change["time"])) for change in status["changes"]]

    async def status(self, by: str) -> dict[str, Any]:
        answer: dict[str, Any] = await self.street.done(by, "GET", "/v1/cameras/home/status")
        return answer


@pytest.fixture
async def past(street: Street) -> Away:
    site, board = street.site, street.site.ingest.board
    past = Away(street, site.clock.now_ms() // 1000 * 1000 + 1000)
    await site.pass_time(40 * 60)
    camera = board.session(street.home, "cameras/home")._camera
    for start, end in ((5, 15), (30, None)):
        board.change_state(camera, camera_pb2.OFFLINE, "", past.at(start))
        board.gaps.start(street.home, past.at(start), "camera_offline")
        if end is not None:
            board.change_state(camera, camera_pb2.ONLINE, "", past.at(end))
            board.gaps.end(street.home, past.at(end))
    return past


ALL: tuple[list[tuple[float, float | None]], list[float]] = ([(30, None), (5, 15)], [30, 15, 5])


async def opened(past: Away, actions: list[str], minute: float) -> None:
    """The owner opens the home to an officer of another county, footage from this minute on."""
    audience = {"principal": await past.street.name("away")}
    await past.street.consent(
        audience=audience, actions=actions, footage_from=format_instant(past.at(minute))
    )


async def test_whoever_has_the_camera_in_their_scope_is_told_all(past: Away) -> None:
    assert await past.told("root") == ALL
    await past.street.consent()
    assert await past.told("chen") == ALL
    assert await past.told("owner") == ALL, "it was always theirs"


async def test_a_consent_tells_the_past_that_it_opens(past: Away) -> None:
    await opened(past, ["live", "playback"], 10)
    assert await past.told("away") == ([(30, None), (10, 15)], [30, 15])
    assert (await past.status("away"))["state_time"] == format_instant(past.at(30))


async def test_who_may_only_see_what_is_live_is_told_how_it_is_now(past: Away) -> None:
    audience = {"principal": await past.street.name("away")}
    await past.street.consent(audience=audience)
    status = await past.status("away")
    assert (status["state"], status["gaps"], status["changes"]) == ("OFFLINE", [], [])
    assert "state_time" not in status


async def test_a_new_owner_is_told_nothing_from_before(past: Away) -> None:
    street = past.street
    change = {"owner": await street.name("resident")}
    sold = (await street.done("root", "PATCH", "/v1/cameras/home", change))["owner_time"]
    status = await past.status("resident")
    assert status["changes"] == []
    assert [(gap["start"], "end" in gap) for gap in status["gaps"]] == [(sold, False)]
    assert await past.told("root") == ALL
