"""An owner opens a household's camera, and closes it."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from snowlight.api.auth.v1 import auth_pb2, consent_pb2
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import (
    AbortedError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    SnowlightError,
)
from snowlight.rpc.status import remote_errors
from tests.rpc.auth.cluster import Auth
from tests.rpc.auth.village import (
    DAY_MS,
    GATE,
    HOME,
    HOUR_MS,
    OTHER_VILLAGE,
    VILLAGE,
    Village,
    revoked,
    settle,
)
from tests.waiting import eventually

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def village(auth: Auth) -> Village:
    return await settle(auth)


async def test_a_consent_opens_the_camera_to_whom_it_names_and_its_withdrawal_closes_it(
    village: Village,
) -> None:
    assert not await village.sees("cadre")
    consent = await village.consent("owner")
    assert (consent.state, consent.owner, consent.created_by) == (
        "active",
        village.names["owner"],
        village.names["owner"],
    )
    assert await village.sees("cadre")
    assert not await village.sees("cadre", "snapshot"), "only what it names"
    assert not await village.sees("neighbour"), "only whom it names"
    withdrawn = await village.withdraw("owner", consent.name)
    assert withdrawn.state == "withdrawn"
    assert not await village.sees("cadre")
    with pytest.raises(FailedPreconditionError) as again:
        await village.withdraw("owner", consent.name)
    assert again.value.code == "consent.over"
    assert [text.partition(" ")[2] for text in await village.changes()] == [
        f"given by {village.names['owner']}",
        "withdrawn",
    ]


async def test_a_withdrawal_is_told_as_a_revocation_of_what_tickets_hang_on(
    village: Village, database_url: str
) -> None:
    consent = await village.consent("owner")
    await village.withdraw("owner", consent.name)
    assert await revoked(database_url) == [("grant", consent.name.removeprefix("consents/"))]


async def test_consents_to_an_organisation_and_to_a_line_in_a_region(village: Village) -> None:
    await village.consent("owner", audience=consent_pb2.Audience(organisation="Village committee"))
    assert await village.sees("cadre")
    assert await village.sees("clerk")
    assert not await village.sees("wang")
    police = consent_pb2.Audience(line="police", region="regions/371326101")
    await village.consent("owner", audience=police)
    assert await village.sees("wang")
    assert not await village.sees("inspector"), "whose scope is wider than the region"


async def test_a_neighbour_sees_what_was_opened_to_them_though_it_is_not_listed(village: Village) -> None:
    assert not await village.sees("neighbour")
    await village.consent("owner", audience=consent_pb2.Audience(principal=village.names["neighbour"]))
    assert await village.sees("neighbour")


async def test_hours_of_the_day_wrap_midnight_in_the_clusters_time_zone(village: Village) -> None:
    await village.consent("owner", hours_from="22:00", hours_to="06:00", actions=["live", "playback"])
    for hour, seen in (
        (21, False),
        (22, True),
        (3, True),
        (6, False),
        (12, False),
    ):
        set_clock(village, hour)
        assert await village.sees("cadre") is seen, hour
    set_clock(village, 12)
    set_clock(village, 12, days=1)
    midnight = midnight_before(village)
    inside = (midnight - HOUR_MS, midnight + HOUR_MS)
    assert await village.sees("cadre", "playback", window=inside)
    outside = (midnight + 5 * HOUR_MS, midnight + 6 * HOUR_MS + 1)
    assert not await village.sees("cadre", "playback", window=outside)


async def test_footage_from_before_the_consent_stays_closed_unless_the_owner_opens_it(
    village: Village,
) -> None:
    now_ms = village.auth.clock.now_ms()
    yesterday = (now_ms - DAY_MS, now_ms - DAY_MS + HOUR_MS)
    await village.consent("owner", actions=["playback"])
    assert not await village.sees("cadre", "playback", window=yesterday)
    await village.consent("owner", actions=["playback"], footage_from=village.ahead(-2 * DAY_MS))
    assert await village.sees("cadre", "playback", window=yesterday)


async def test_a_consent_ends_at_its_end_and_running_sessions_are_told(
    village: Village, database_url: str
) -> None:
    consent = await village.consent("owner", end_time=village.ahead(DAY_MS))
    village.auth.clock.ahead_s += 24 * 3600 + 1
    assert not await village.sees("cadre")

    async def told() -> bool:
        return await revoked(database_url) == [("grant", consent.name.removeprefix("consents/"))]

    await eventually(told)
    assert (await listed(village, "owner"))[0].state == "expired"
    with pytest.raises(FailedPreconditionError):
        await renew(village, "owner", consent.name, 30 * DAY_MS)


async def test_the_owner_renews_for_a_year_at_most(village: Village) -> None:
    consent = await village.consent("owner", end_time=village.ahead(DAY_MS))
    renewed = await renew(village, "owner", consent.name, 365 * DAY_MS)
    assert renewed.end_time.ToMilliseconds() > consent.end_time.ToMilliseconds()
    village.auth.clock.ahead_s += 2 * 24 * 3600
    assert await village.sees("cadre")
    with pytest.raises(InvalidArgumentError) as refused:
        await renew(village, "owner", consent.name, 367 * DAY_MS)
    assert (refused.value.field, refused.value.code) == ("end_time", "request.past_maximum")
    with pytest.raises(PermissionDeniedError):
        await renew(village, "neighbour", consent.name, DAY_MS)


async def test_an_admin_records_the_owners_paper_and_nobody_opens_a_camera_to_themselves(
    village: Village,
) -> None:
    with pytest.raises(InvalidArgumentError) as without:
        await village.consent("clerk")
    assert (without.value.field, without.value.code) == ("paper_reference", "consent.paper_required")
    consent = await village.consent("clerk", paper_reference="box 7, sheet 12")
    assert (consent.owner, consent.created_by) == (village.names["owner"], village.names["clerk"])
    assert await village.sees("cadre")
    for audience in (
        consent_pb2.Audience(principal=village.names["clerk"]),
        consent_pb2.Audience(organisation="Village committee"),
        consent_pb2.Audience(line="government", region=f"regions/{VILLAGE}"),
    ):
        with pytest.raises(InvalidArgumentError) as own:
            await village.consent("clerk", paper_reference="box 7", audience=audience)
        assert (own.value.field, own.value.code) == ("audience", "consent.self_grant")
    with pytest.raises(InvalidArgumentError) as own:
        await village.consent("owner", audience=consent_pb2.Audience(principal=village.names["owner"]))
    assert own.value.code == "consent.self_grant"
    closed = await village.withdraw("clerk", consent.name, paper_reference="box 9")
    assert closed.withdrawn_by == village.names["clerk"]


async def test_only_the_owner_or_such_an_admin_creates(village: Village) -> None:
    for who in ("neighbour", "cadre", "stranger", "wang", "sergeant", "fitter", "auditor"):
        with pytest.raises(PermissionDeniedError) as refused:
            await village.consent(who, paper_reference="box 7")
        assert refused.value.code == "consent.not_owner", who
        with pytest.raises(PermissionDeniedError) as unknown:
            await village.consent(who, paper_reference="box 7", camera_uid="nothing")
        assert str(unknown.value) == str(refused.value), "which cameras exist is nobody else's business"
    with pytest.raises(FailedPreconditionError) as public:
        await village.auth.registry.put("shop", VILLAGE, owner=village.names["owner"])
        await village.consent("owner", camera_uid="shop")
    assert public.value.code == "consent.not_household"


async def test_a_consent_is_the_owners_who_gave_it(village: Village) -> None:
    await village.consent("owner")
    assert await village.sees("cadre")
    await village.auth.registry.put(
        HOME, VILLAGE, ownership=camera_pb2.HOUSEHOLD, owner=village.names["neighbour"]
    )

    async def sold() -> bool:
        return not await village.sees("cadre")

    await eventually(sold)


BAD: list[tuple[str, dict[str, Any]]] = [
    ("camera_uid", {"camera_uid": ""}),
    ("camera_uid", {"camera_uid": "../x"}),
    ("audience", {"audience": consent_pb2.Audience()}),
    ("audience", {"audience": consent_pb2.Audience(organisation="a", line="police")}),
    ("audience.principal", {"audience": consent_pb2.Audience(principal="principals/none")}),
    ("audience.organisation", {"audience": consent_pb2.Audience(organisation="a\0")}),
    ("audience.line", {"audience": consent_pb2.Audience(line="army", region="regions/371326")}),
    ("audience.line", {"audience": consent_pb2.Audience(line="carrier", region="regions/371326")}),
    ("audience.region", {"audience": consent_pb2.Audience(line="police")}),
    ("audience.region", {"audience": consent_pb2.Audience(line="police", region="regions/99")}),
    ("audience.region", {"audience": consent_pb2.Audience(organisation="a", region="regions/371326")}),
    ("actions", {"actions": []}),
    ("actions[0]", {"actions": ["ptz"]}),
    ("actions[1]", {"actions": ["live", "camera.manage"]}),
    ("hours_from", {"hours_to": "06:00"}),
    ("hours_from", {"hours_from": "24:00", "hours_to": "06:00"}),
    ("hours_to", {"hours_from": "22:00", "hours_to": "22:00"}),
    ("paper_reference", {"paper_reference": "a" * 201}),
]


async def test_bad_consents_are_refused_by_field(village: Village) -> None:
    for name, fields in BAD:
        with pytest.raises(InvalidArgumentError) as refused:
            await village.consent("owner", **fields)
        assert refused.value.field == name, fields
    for ms in (-1, 367 * DAY_MS):
        with pytest.raises(InvalidArgumentError) as refused:
            await village.consent("owner", end_time=village.ahead(ms))
        assert refused.value.field == "end_time"
    with pytest.raises(InvalidArgumentError) as refused:
        await village.consent("owner", end_time=None)
    assert (refused.value.field, refused.value.code) == ("end_time", "request.required")
    for name in ("consents/none", "grants/1", ""):
        with pytest.raises((NotFoundError, InvalidArgumentError)) as unknown:
            await village.withdraw("owner", name)
        assert unknown.value.field == "name"
    assert await listed(village, "owner") == []


async def test_of_two_who_withdraw_at_once_one_wins(village: Village) -> None:
    consent = await village.consent("owner")
    answers = await asyncio.gather(
        village.withdraw("owner", consent.name),
        village.withdraw("clerk", consent.name, paper_reference="box 9"),
        return_exceptions=True,
    )
    won = [each for each in answers if isinstance(each, consent_pb2.Consent)]
    lost = [each for each in answers if isinstance(each, SnowlightError)]
    assert (len(won), len(lost)) == (1, 1)
    assert isinstance(lost[0], AbortedError | FailedPreconditionError)
    assert lost[0].code in ("consent.changed", "consent.over")


async def test_consents_are_listed_to_whom_they_concern_page_by_page(village: Village) -> None:
    made = [(await village.consent("owner")).name for _ in range(5)]
    for who, seen in (("owner", 5), ("cadre", 5), ("clerk", 5), ("mayor", 5), ("auditor", 5)):
        assert len(await listed(village, who)) == seen, who
    for who in ("neighbour", "stranger", "wang", "fitter"):
        assert await listed(village, who) == [], who
    names: list[str] = []
    token = ""
    while True:
        request = consent_pb2.ListConsentsRequest(
            access_token=await village.token("owner"), camera_uid=HOME, page_size=2, page_token=token
        )
        page = await village.auth.consents.ListConsents(request)
        names += [consent.name for consent in page.consents]
        if not (token := page.next_page_token):
            break
    assert names == made[::-1]
    request = consent_pb2.ListConsentsRequest(access_token=await village.token("owner"), camera_uid=GATE)
    assert not (await village.auth.consents.ListConsents(request)).consents


async def test_somebody_disabled_and_a_scope_outside_change_nothing(village: Village) -> None:
    await village.auth.add_person(
        "gone", auth_pb2.ADMIN, scope=OTHER_VILLAGE, line=auth_pb2.GOVERNMENT, organisation="x"
    )
    with pytest.raises(PermissionDeniedError):
        await village.consent("gone", paper_reference="box 1")
    with pytest.raises(InvalidArgumentError) as refused:
        await village.consent(
            "owner", audience=consent_pb2.Audience(principal=(await disabled(village)).name)
        )
    assert refused.value.field == "audience.principal"


async def disabled(village: Village) -> auth_pb2.Principal:
    return await village.auth.add_person("off", auth_pb2.VIEWER, scope=VILLAGE, disabled=True)


async def listed(village: Village, by: str) -> list[consent_pb2.Consent]:
    request = consent_pb2.ListConsentsRequest(access_token=await village.token(by))
    return list((await village.auth.consents.ListConsents(request)).consents)


async def renew(village: Village, by: str, name: str, ms: int) -> consent_pb2.Consent:
    request = consent_pb2.RenewConsentRequest(
        access_token=await village.token(by), name=name, end_time=village.ahead(ms)
    )
    with remote_errors("services/auth"):
        return await village.auth.consents.RenewConsent(request)


def set_clock(village: Village, hour: int, days: int = 0) -> None:
    """Put the clock forward to that hour in the cluster's time zone, on a later day each time it must be."""
    clock = village.auth.clock
    now = datetime.fromtimestamp(clock.now_ms() / 1000, UTC).astimezone(SHANGHAI)
    ahead_h = (hour - now.hour) % 24 + 24 * days
    clock.ahead_s += ahead_h * 3600 - now.minute * 60 - now.second + 30


def midnight_before(village: Village) -> int:
    now = datetime.fromtimestamp(village.auth.clock.now_ms() / 1000, UTC).astimezone(SHANGHAI)
    return round(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
