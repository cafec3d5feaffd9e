"""Who asks for which grants, in what words, and who sees that they did."""

from typing import Any

import pytest

from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError
from tests.rpc.auth.village import COUNTY, DAY_MS, HOME, HOUR_MS, Village, refused_code

BAD: list[tuple[str, str, dict[str, Any]]] = [
    ("favour", "kind", {}),
    ("consent", "kind", {}),
    ("case", "camera_uids", {"camera_uids": []}),
    ("case", "camera_uids", {"camera_uids": [f"c{number}" for number in range(51)]}),
    ("case", "camera_uids[1]", {"camera_uids": [HOME, "a b"]}),
    ("case", "camera_uids[0]", {"camera_uids": ["nothing"]}),
    ("case", "actions", {"actions": []}),
    ("case", "actions[0]", {"actions": ["audit.read"]}),
    ("case", "actions[0]", {"actions": ["fly"]}),
    ("case", "case_number", {"case_number": ""}),
    ("case", "case_number", {"case_number": "a\nb"}),
    ("case", "reason", {"reason": ""}),
    ("case", "reason", {"reason": "a" * 1001}),
    ("case", "duration_s", {"duration_s": 0}),
    ("case", "duration_s", {"duration_s": -5}),
    ("case", "duration_s", {"duration_s": 72 * 3600 + 1}),
    ("case", "window_start", {"actions": ["playback"]}),
    ("case", "beneficiary", {"beneficiary": "principals/none"}),
    ("emergency", "reason", {"reason": ""}),
    ("emergency", "actions[0]", {"actions": ["export"]}),
    ("emergency", "duration_s", {"duration_s": 60}),
    ("emergency", "camera_uids", {"camera_uids": [f"c{number}" for number in range(11)]}),
]


async def test_bad_requests_are_refused_by_field(village: Village) -> None:
    for kind, field, fields in BAD:
        with pytest.raises(InvalidArgumentError) as refused:
            await village.ask("wang", kind, **fields)
        assert refused.value.field == field, fields
    windows: tuple[tuple[str, dict[str, Any]], ...] = (
        ("window_end", {"window_start": village.ahead(-HOUR_MS)}),
        ("window_end", {"window_start": village.ahead(-HOUR_MS), "window_end": village.ahead(-2 * HOUR_MS)}),
        ("window_end", {"window_start": village.ahead(-32 * DAY_MS), "window_end": village.ahead(0)}),
        ("window_end", {"window_start": village.ahead(0), "window_end": village.ahead(8 * DAY_MS)}),
    )
    for field, window in windows:
        with pytest.raises(InvalidArgumentError) as refused:
            await village.ask("wang", actions=["playback"], **window)
        assert refused.value.field == field, window
    with pytest.raises(InvalidArgumentError) as refused:
        await village.ask("wang", window_start=village.ahead(-1), window_end=village.ahead(0))
    assert refused.value.field == "window_start", "a live grant has no window"
    for name in ("owner", "fitter", "auditor"):
        with pytest.raises(InvalidArgumentError) as refused:
            await village.ask("wang", beneficiary=village.names[name])
        assert refused.value.field == "beneficiary", name
    with pytest.raises(InvalidArgumentError) as refused:
        await village.ask("wang", "emergency", beneficiary=village.names["cadre"])
    assert refused.value.field == "beneficiary"


async def test_grants_are_asked_for_by_officers_and_emergencies_inside_their_regions(
    village: Village,
) -> None:
    for who in ("owner", "neighbour", "fitter", "auditor"):
        for kind in ("case", "emergency"):
            assert await refused_code(village.ask(who, kind)) == "grant.not_officer", who
            unknown = village.ask(who, kind, camera_uids=["nothing"])
            assert await refused_code(unknown) == "grant.not_officer", "no word of which cameras exist"
    assert await refused_code(village.ask("stranger", "emergency")) == "grant.outside_scope"
    await village.auth.add_person("chief", auth_pb2.VIEWER, scope=COUNTY, line=auth_pb2.POLICE)
    village.names["chief"] = "chief"
    assert (await village.ask("chief", "emergency")).state == "requested"


async def test_grants_are_listed_to_whom_they_concern(village: Village) -> None:
    asked = await village.ask("wang")
    begun = await village.ask("wang", "emergency")
    for who in ("wang", "sergeant", "mayor", "clerk", "inspector", "auditor"):
        assert [grant.name for grant in await village.grants(who)] == [begun.name, asked.name], who
    for who in ("owner", "cadre", "stranger", "fitter"):
        assert await village.grants(who) == [], who
        with pytest.raises(NotFoundError):
            await village.grant(who, asked.name)
    assert [grant.name for grant in await village.grants("wang", kind="case")] == [asked.name]
    assert await village.grants("wang", state="approved") == []
    with pytest.raises(InvalidArgumentError) as refused:
        await village.grants("wang", state="perhaps")
    assert refused.value.field == "state"
