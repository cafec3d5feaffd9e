"""Repairs: a camera shown to a carrier's people for hours."""

import pytest

from snowlight.errors import InvalidArgumentError
from tests.rpc.auth.village import GATE, HOME, Village, refused_code


async def test_a_repair_shows_a_camera_to_a_carrier_for_hours(village: Village) -> None:
    opened = await village.ask("mayor", "repair", reason="no picture since Monday")
    assert (opened.state, opened.beneficiary) == ("approved", village.names["fitter"])
    allowed = await village.look("fitter", uid=GATE)
    assert allowed.ticket
    household = await refused_code(village.ask("mayor", "repair", camera_uids=[HOME]))
    assert household == "grant.not_admin"
    await village.ask("owner", "repair", camera_uids=[HOME])
    assert await village.sees("fitter", uid=HOME)
    village.auth.clock.ahead_s += 3601
    assert not await village.sees("fitter", uid=HOME)


async def test_a_repair_is_a_government_admins_for_a_carrier_and_without_footage(village: Village) -> None:
    for who in ("cadre", "sergeant", "stranger", "fitter", "neighbour", "auditor"):
        assert await refused_code(village.ask(who, "repair")) == "grant.not_admin", who
        assert await refused_code(village.ask(who, "repair", camera_uids=["none"])) == "grant.not_admin"
    for field, fields in (
        ("beneficiary", {"beneficiary": village.names["wang"]}),
        ("beneficiary", {"beneficiary": ""}),
        ("actions[0]", {"actions": ["playback"]}),
        ("duration_s", {"duration_s": 8 * 3600 + 1}),
        ("duration_s", {"duration_s": 0}),
        ("reason", {"reason": " "}),
        ("camera_uids", {"camera_uids": [GATE, HOME]}),
    ):
        with pytest.raises(InvalidArgumentError) as refused:
            await village.ask("mayor", "repair", **fields)
        assert refused.value.field == field
