"""`snowlight admin` about consents and grants, against a running auth."""

import json
from pathlib import Path

import pytest

from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.test_admin import admin
from tests.rpc.auth.village import HOME, Village, settle

HEADER = "camera,organisation,line,region,actions,hours_from,hours_to,end_time,paper_reference\n"


@pytest.fixture
async def village(auth: Auth) -> Village:
    made = await settle(auth)
    await made.consent("owner")  # the camera is known once this returns
    return made


async def test_papers_are_recorded_and_listed(village: Village, tmp_path: Path) -> None:
    file = tmp_path / "papers.csv"
    end = village.ahead(200 * 86_400_000).ToDatetime().strftime("%Y-%m-%d")
    file.write_text(
        HEADER
        + f"{HOME},Police station,,,live playback,22:00,06:00,{end},box 7 sheet 1\n"
        + f"{HOME},,police,371326101,live,,,{end},box 7 sheet 2\n",
        encoding="gb18030",
    )
    status, output, errors = await admin(village.auth, "import-consents", file, "--by", "clerk")
    assert (status, errors) == (0, "")
    names = output.split()
    assert len(names) == 2
    assert await village.sees("wang")
    status, output, _ = await admin(village.auth, "list-consents", "--camera", HOME)
    listed = [json.loads(line) for line in output.splitlines()]
    assert [consent["name"] for consent in listed[:2]] == names[::-1]
    assert (listed[1]["hours_from"], listed[1]["actions"]) == ("22:00", ["live", "playback"])
    assert listed[0]["audience"] == {"line": "police", "region": "regions/371326101"}
    assert listed[0]["created_by"] == village.names["clerk"]
    assert "consents/" in (await village.changes())[-1]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (f"{HOME},Police station,,,live,,,2099-01-01,box 7", "end_time must be within"),
        (f"{HOME},Police station,,,live,,,soon,box 7", "end_time must be a time"),
        (f"{HOME},Police station,,,live,,,END,", "paper_reference is required"),
        (f"{HOME},Police station,,,fly,,,END,box 7", "actions: an action must be one of"),
        (f"{HOME},,,,live,,,END,box 7", "audience must name one of"),
        (f"{HOME},Police station,,,live,25:00,06:00,END,box 7", "hours_from must be a time"),
        (f"{HOME},Village committee,,,live,,,END,box 7", "audience must not be the one who asks"),
        ("none,Police station,,,live,,,END,box 7", "camera: only the owner"),
        (f"{HOME},Police station,live", "not as many fields"),
    ],
)
async def test_a_bad_line_is_named_with_its_column(
    village: Village, tmp_path: Path, row: str, told: str
) -> None:
    end = village.ahead(3 * 86_400_000).ToDatetime().strftime("%Y-%m-%d")
    file = tmp_path / "papers.csv"
    good = f"{HOME},Police station,,,live,,,{end},box 7\n"
    file.write_text(HEADER + good + row.replace("END", end) + "\n")
    status, output, errors = await admin(village.auth, "import-consents", file, "--by", "clerk")
    assert status == 1
    assert "line 3: " in errors
    assert told in errors
    refused_at_once = "not as many fields" in told or "must be a time" in told or "is required" in told
    recorded = 0 if refused_at_once and "hours" not in told else 1
    assert len(output.split()) == recorded, "what stands before it is recorded, unless the file is unreadable"


async def test_whoever_may_not_record_records_nothing(village: Village, tmp_path: Path) -> None:
    end = village.ahead(3 * 86_400_000).ToDatetime().strftime("%Y-%m-%d")
    file = tmp_path / "papers.csv"
    file.write_text(HEADER + f"{HOME},Police station,,,live,,,{end},box 7\n")
    for by, code in (
        ("stranger", "consent.not_owner"),
        ("wang", "consent.not_owner"),
        ("nobody", "auth.principal_unknown"),
    ):
        status, output, errors = await admin(village.auth, "import-consents", file, "--by", by)
        assert (status, output) == (1, "")
        assert code in errors
    file.write_text("camera,actions\n")
    status, _, errors = await admin(village.auth, "import-consents", file, "--by", "clerk")
    assert (status, "lacks columns" in errors) == (1, True)


async def test_grants_are_listed_by_kind_and_state(village: Village) -> None:
    asked = await village.ask("wang")
    begun = await village.ask("wang", "emergency")
    status, output, _ = await admin(village.auth, "list-grants")
    assert (status, [json.loads(line)["name"] for line in output.splitlines()]) == (
        0,
        [begun.name, asked.name],
    )
    status, output, _ = await admin(village.auth, "list-grants", "--kind", "case", "--state", "requested")
    assert [json.loads(line)["name"] for line in output.splitlines()] == [asked.name]
    status, _, errors = await admin(village.auth, "list-grants", "--kind", "favour")
    assert (status, "kind must be one of" in errors) == (1, True)
