"""What is on record of consents and grants, and what goes on while other services are away."""

from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import create_async_engine
from structlog.testing import capture_logs

from services.auth.model import Actor, AuditRecord
from services.auth.repository import audit
from services.storage.app import run_storage
from services.storage.config import StorageSettings
from snowlight.api.auth.v1 import auth_pb2, consent_pb2
from snowlight.object_store import ObjectStoreSettings
from tests.parts.clock import MovableClock
from tests.rpc.auth.cluster import auth_of, runtime_for, serve_registry
from tests.rpc.auth.registry import Registry
from tests.rpc.auth.village import DAY_MS, GATE, HOME, Village, settle
from tests.waiting import eventually


async def test_every_change_of_rights_is_on_record_with_who_made_it(village: Village) -> None:
    consent = await village.consent("owner")
    await village.withdraw("owner", consent.name, erase=True)
    asked = await village.ask("wang", camera_uids=[HOME, GATE])
    await village.approve("sergeant", asked.name)
    deferral = consent_pb2.DeferNoticeRequest(
        access_token=await village.token("sergeant"),
        name=asked.name,
        notice_time=village.ahead(DAY_MS),
        reason="still being looked into",
    )
    await village.auth.consents.DeferNotice(deferral)
    await village.decide("revoke", "wang", asked.name)
    denied = await village.ask("wang", "emergency")
    await village.decide("deny", "sergeant", denied.name)
    withdrawn = await village.ask("wang")
    await village.decide("withdraw", "wang", withdrawn.name)
    await village.ask("mayor", "repair")
    records = await village.change_records()
    told = [
        (record.action, record.camera_uid, record.principal)
        for record in records
        if record.principal != "services/auth"
    ]
    names = village.names
    both = (GATE, HOME)
    assert told == [
        ("consent.create", HOME, names["owner"]),
        ("consent.withdraw", HOME, names["owner"]),
        ("consent.erase", HOME, names["owner"]),
        *(("grant.request", uid, names["wang"]) for uid in both),
        *(("grant.approve", uid, names["sergeant"]) for uid in both),
        *(("grant.defer_notice", uid, names["sergeant"]) for uid in both),
        *(("grant.revoke", uid, names["wang"]) for uid in both),
        ("grant.request", HOME, names["wang"]),
        ("grant.deny", HOME, names["sergeant"]),
        ("grant.request", HOME, names["wang"]),
        ("grant.withdraw", HOME, names["wang"]),
        ("grant.repair", GATE, names["mayor"]),
    ]
    request = records[3]
    assert (request.organisation, request.line, request.tier, request.remote_address) == (
        "Police station",
        "police",
        auth_pb2.TOWN,
        "192.0.2.9",
    )
    assert request.purpose == "A2026-0117 theft of a tractor"
    assert request.detail == f"{asked.name} requested"


async def test_what_is_refused_leaves_neither_right_nor_record(village: Village) -> None:
    asked = await village.ask("wang")
    before = len(await village.changes())
    for by in ("wang", "stranger", "clerk"):
        with pytest.raises(Exception, match=r"grant\."):
            await village.approve(by, asked.name)
    with pytest.raises(Exception, match=r"consent\.not_owner"):
        await village.consent("neighbour")
    assert len(await village.changes()) == before
    assert not await village.sees("wang")


async def test_an_emergency_is_an_event_in_the_log(village: Village) -> None:
    with capture_logs() as logs:
        begun = await village.ask("wang", "emergency")
    [event] = [entry for entry in logs if entry["event"] == "emergency.begun"]
    assert (event["grant"], event["cameras"], event["log_level"]) == (begun.name, [HOME], "warning")
    assert "theft" not in str(event), "why is for those who may know"


async def test_storage_is_asked_to_erase_until_it_has(village: Village, tmp_path: Path) -> None:
    auth = village.auth
    consent = await village.consent("owner")
    await village.withdraw("owner", consent.name, erase=True)

    async def failed() -> bool:
        return bool((await erasure(village)).error)

    await eventually(failed)
    assert (await erasure(village)).state == "pending", "storage is away"
    runtime = replace(auth.runtime.named("storage"), registry=CollectorRegistry())
    settings = StorageSettings(
        listen=runtime.cluster.storage_address,
        store=ObjectStoreSettings(url=f"file://{tmp_path}/footage"),
        erase_seconds=0.1,
    )
    async with run_storage(runtime, settings):

        async def reached() -> bool:
            found = await erasure(village)
            if found.error:
                auth.clock.ahead_s += 1  # it is tried again after ten seconds
            return not found.error

        await eventually(reached, 60)
        auth.clock.ahead_s += 200  # by then the last minute cannot be in a spool any more

        async def done() -> bool:
            return (await erasure(village)).state == "done"

        await eventually(done, 60)
    finished = await erasure(village)
    assert (finished.error, finished.remaining_objects, list(finished.held_by)) == ("", 0, [])
    assert finished.consent == consent.name
    assert (await village.changes())[-1] == f"{finished.name} done"


async def test_what_was_watched_is_told_with_how_long(village: Village, database_url: str) -> None:
    watched = AuditRecord(
        time_ms=village.auth.clock.now_ms(),
        event="view",
        actor=Actor(village.names["cadre"], "Village committee", "government", acting_unit="night shift"),
        action="live",
        camera_uid=HOME,
        window=None,
        purpose="patrol",
        allowed=True,
        reason="",
        watched_s=37,
    )
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await audit.add(connection, watched)
        await audit.add(connection, replace(watched, actor=Actor(village.names["owner"])))
    await engine.dispose()
    [view] = await views(village)
    assert (view.event, view.watched_s, view.unit, view.purpose) == ("view", 37, "night shift", "patrol")
    assert view.person == "", "the policy of notice tells no names"


async def test_by_setting_owners_are_told_names(tmp_path: Path, database_url: str) -> None:
    runtime, registry = runtime_for(tmp_path, MovableClock()), Registry()  # type: ignore[abstract]
    async with (
        serve_registry(runtime, registry),
        auth_of(runtime, registry, database_url, notice_names="person") as auth,
    ):
        village = await settle(auth)
        await village.consent("owner")
        await village.look("cadre")
        assert [view.person for view in await views(village)] == ["cadre"]


async def erasure(village: Village) -> consent_pb2.Erasure:
    request = consent_pb2.ListErasuresRequest(access_token=await village.token("owner"))
    [found] = (await village.auth.consents.ListErasures(request)).erasures
    return found


async def views(village: Village) -> list[consent_pb2.View]:
    request = consent_pb2.ListViewsRequest(access_token=await village.token("owner"), camera_uid=HOME)
    return list((await village.auth.consents.ListViews(request)).views)
