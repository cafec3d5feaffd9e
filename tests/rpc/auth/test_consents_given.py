"""Who gives a consent, renews it and is shown it, and what is refused."""

from typing import Any

import pytest

from snowlight.api.auth.v1 import auth_pb2, consent_pb2
from snowlight.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
)
from tests.rpc.auth.village import DAY_MS, GATE, HOME, OTHER_VILLAGE, VILLAGE, Village


async def test_the_owner_renews_for_a_year_at_most(village: Village) -> None:
    consent = await village.consent("owner", end_time=village.ahead(DAY_MS))
    renewed = await village.renew("owner", consent.name, 365 * DAY_MS)
    assert renewed.end_time.ToMilliseconds() > consent.end_time.ToMilliseconds()
    village.auth.clock.ahead_s += 2 * 24 * 3600
    assert await village.sees("cadre")
    with pytest.raises(InvalidArgumentError) as refused:
        await village.renew("owner", consent.name, 367 * DAY_MS)
    assert (refused.value.field, refused.value.code) == ("end_time", "request.past_maximum")
    with pytest.raises(PermissionDeniedError):
        await village.renew("neighbour", consent.name, DAY_MS)


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
    assert await village.consents("owner") == []


async def test_consents_are_listed_to_whom_they_concern_page_by_page(village: Village) -> None:
    made = [(await village.consent("owner")).name for _ in range(5)]
    for who, seen in (("owner", 5), ("cadre", 5), ("clerk", 5), ("mayor", 5), ("auditor", 5)):
        assert len(await village.consents(who)) == seen, who
    for who in ("neighbour", "stranger", "wang", "fitter"):
        assert await village.consents(who) == [], who
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
