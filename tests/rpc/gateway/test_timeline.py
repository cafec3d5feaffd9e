"""When a camera recorded is told as far as it may be seen: all to its cadres, what is open to others."""

from __future__ import annotations

from typing import Any

import pytest

from snowlight.instants import format_instant
from tests.rpc.gateway.footage import session
from tests.rpc.gateway.street import MINUTE_MS, Past, Street, in_ms

NOTHING: dict[str, Any] = {"spans": [], "gaps": []}


class Recorded(Past):
    """Forty minutes of the home's camera: some with 12 s of footage, and a gap from the thirtieth on."""

    def path(self, start: float, end: float) -> str:
        """The timeline of a range, in minutes."""
        query = f"start={format_instant(self.at(start))}&end={format_instant(self.at(end))}"
        return f"/v1/cameras/home/timeline?{query}"

    async def told(self, by: str, start: float = 0, end: float = 40) -> dict[str, Any]:
        answer: dict[str, Any] = await self.street.done(by, "GET", self.path(start, end))
        return answer

    async def spans(self, by: str, start: float = 0, end: float = 40) -> list[tuple[float, float]]:
        """Begin and end of what was recorded, in minutes."""
        return [self._minutes(span) for span in (await self.told(by, start, end))["spans"]]

    async def gaps(self, by: str, start: float = 0, end: float = 40) -> list[tuple[float, float]]:
        return [self._minutes(gap) for gap in (await self.told(by, start, end))["gaps"]]

    def _minutes(self, part: dict[str, str]) -> tuple[float, float]:
        return self.minute(in_ms(part["start"])), self.minute(in_ms(part["end"]))


@pytest.fixture
async def past(street: Street) -> Recorded:
    site = street.site
    past = Recorded(street, site.clock.now_ms() // 1000 * 1000 + 1000)
    await site.pass_time(41 * 60)
    for minute in (5, 9.9, 15, 25):
        footage = session(past.at(minute), 12)
        file = site.spool(street.home, footage.init, footage.fragments)
        if minute < 20:
            await site.commit(street.home, file)
    site.ingest.pictures.open_gaps[street.home] = ("CAMERA_OFFLINE", past.at(30))
    return past


async def case(past: Recorded, actions: list[str], start: float = 10, end: float = 20) -> str:
    """The officer of another county has a grant for a case, of footage in this window; its name."""
    body: dict[str, Any] = {
        "kind": "case",
        "cameras": ["cameras/home"],
        "actions": actions,
        "case_number": "A2026-0117",
        "reason": "theft of a tractor",
        "duration_s": 3600,
        "beneficiary": await past.street.name("away"),
    }
    if "live" not in actions:
        body |= {"window_start": format_instant(past.at(start)), "window_end": format_instant(past.at(end))}
    grant = await past.street.done("sergeant", "POST", "/v1/grants", body)
    await past.street.done("second", "POST", f"/v1/{grant['name']}:approve", {})
    return str(grant["name"])


async def test_whoever_has_the_camera_in_their_scope_is_told_all(past: Recorded) -> None:
    everything = await past.told("root")
    assert await past.spans("root") == [(5, 5.2), (9.9, 10.1), (15, 15.2), (25, 25.2)]
    assert await past.gaps("root") == [(0, 5), (5.2, 9.9), (10.1, 15), (15.2, 25), (25.2, 30), (30, 40)]
    assert [gap["cause"] for gap in everything["gaps"]] == ["unknown"] * 5 + ["camera_offline"]
    assert await past.told("chen") == everything
    await case(past, ["playback"])
    await past.street.consent(audience={"principal": await past.street.name("chen")}, actions=["playback"])
    assert await past.told("chen") == everything, "what is open besides takes nothing away"


@pytest.mark.parametrize("action", ["playback", "export"])
async def test_a_case_of_ten_minutes_tells_these_alone(past: Recorded, action: str) -> None:
    name = await case(past, [action])
    assert await past.spans("away") == [(10, 10.1), (15, 15.2)]
    assert await past.gaps("away") == [(10.1, 15), (15.2, 20)]
    assert await past.spans("away", 12, 18) == [(15, 15.2)]
    assert await past.gaps("away", 12, 18) == [(12, 15), (15.2, 18)]
    for start, end in ((0, 10), (20, 40), (41, 60)):
        assert await past.told("away", start, end) == NOTHING
    await past.street.done("sergeant", "POST", f"/v1/{name}:revoke", {"reason": "solved"})
    status, _ = await past.street.call("away", "GET", past.path(0, 40))
    assert status in (403, 404)


async def test_several_windows_are_told_one_by_one(past: Recorded) -> None:
    await case(past, ["playback"], 4, 8)
    await case(past, ["playback"], 24, 32)
    await case(past, ["export"], 7, 9)
    assert await past.spans("away") == [(5, 5.2), (25, 25.2)]
    assert await past.gaps("away") == [(4, 5), (5.2, 9), (24, 25), (25.2, 30), (30, 32)]


async def test_who_may_only_see_what_is_live_is_told_nothing_of_the_past(past: Recorded) -> None:
    await case(past, ["live"])
    assert await past.street.sees("away")
    assert await past.told("away") == NOTHING


async def test_a_consent_tells_its_hours_since_its_footage_is_open(past: Recorded) -> None:
    consent = {"audience": {"principal": await past.street.name("away")}, "actions": ["playback"]}
    await past.street.consent(**consent, footage_from=format_instant(past.at(20)))
    assert await past.spans("away") == [(25, 25.2)]
    assert await past.gaps("away") == [(20, 25), (25.2, 30), (30, 40)]


async def test_a_new_owner_is_told_nothing_from_before(past: Recorded) -> None:
    street = past.street
    assert await past.spans("owner") == await past.spans("root")
    change = {"owner": await street.name("resident")}
    sold = (await street.done("root", "PATCH", "/v1/cameras/home", change))["owner_time"]
    assert await past.told("resident") == NOTHING
    status, _ = await street.call("owner", "GET", past.path(0, 40))
    assert status in (403, 404), "the former owner"
    await street.site.pass_time(5 * 60)
    seen_ms = in_ms(sold) + MINUTE_MS
    footage = session(seen_ms, 12)
    street.site.spool(street.home, footage.init, footage.fragments)
    assert await past.spans("resident", 0, 60) == [(past.minute(seen_ms), past.minute(seen_ms + 12_000))]
    assert (await past.gaps("resident", 0, 60))[0] == (past.minute(in_ms(sold)), past.minute(seen_ms))
