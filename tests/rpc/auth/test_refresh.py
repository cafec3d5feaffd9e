"""Refresh tokens in two hands: one token used by both, or one successor each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from services.auth.refresh_token import RefreshTokenKey
from services.auth.repository.refresh_tokens import Session, Way
from simulator.ports import free_port
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import UnauthenticatedError
from snowlight.rpc.status import remote_errors
from tests.parts.clock import MovableClock
from tests.rpc.auth.cluster import Auth, auth_of, runtime_for, serve_registry
from tests.rpc.auth.registry import Registry
from tests.rpc.auth.told import ended_sessions


@pytest.fixture
async def first(auth: Auth) -> str:
    """The refresh token of somebody who has just signed in."""
    return await signed_in(auth)


async def signed_in(auth: Auth) -> str:
    await auth.add_region("371326", auth_pb2.COUNTY)
    await auth.add_person("zhang.wei", auth_pb2.VIEWER, scope="371326")
    return (await auth.sign_in("zhang.wei")).refresh_token


async def use(auth: Auth, token: str, at_s: float) -> str:
    """The successor of `token` when it is used at `at_s`."""
    auth.clock.ahead_s = at_s
    with remote_errors("services/auth"):
        return (await auth.refresh(token)).refresh_token


async def refused(auth: Auth, token: str, at_s: float) -> None:
    with pytest.raises(UnauthenticatedError, match=r"auth\.invalid_grant: the refresh token is not valid"):
        await use(auth, token, at_s)


async def ended_as_stolen(auth: Auth, database_url: str, token: str) -> None:
    session_id = token.partition(".")[0]
    assert await ended_sessions(database_url) == [session_id]
    assert [record.detail for record in await auth.audit("change") if record.action == "session.end"] == [
        f"sessions/{session_id} ended: a used refresh token was used again"
    ]


async def test_a_successor_used_after_its_sibling_ends_the_session(
    auth: Auth, first: str, database_url: str
) -> None:
    owners, thiefs = await use(auth, first, 600), await use(auth, first, 605)
    onward = await use(auth, owners, 1200)
    await refused(auth, thiefs, 1201)
    await refused(auth, onward, 1202)
    await ended_as_stolen(auth, database_url, first)


async def test_a_thief_who_goes_on_at_once_is_found_when_the_owner_does(
    auth: Auth, first: str, database_url: str
) -> None:
    owners = await use(auth, first, 600)
    token = await use(auth, first, 601)
    for at_s in range(602, 1200, 9):
        token = await use(auth, token, at_s)
    await refused(auth, owners, 1200)
    await refused(auth, token, 1201)
    await ended_as_stolen(auth, database_url, first)


@pytest.mark.parametrize("which", [0, 1])
async def test_a_successor_that_was_made_in_the_grace_of_a_successor_is_a_sibling_too(
    auth: Auth, first: str, database_url: str, which: int
) -> None:
    left, right = await use(auth, first, 600), await use(auth, first, 603)
    below = await use(auth, left, 606), await use(auth, left, 609)
    onward = await use(auth, right, 611)  # within the grace in which a late answer explains all three
    onward = await use(auth, onward, 1200)
    await refused(auth, below[which], 1201)
    await refused(auth, onward, 1202)
    await ended_as_stolen(auth, database_url, first)


async def test_a_browser_whose_tabs_race_goes_on_with_whichever_answer_came_last(
    auth: Auth, first: str, database_url: str
) -> None:
    # Three tabs: the first renews, the second by what the first was given, and the third, which had begun by
    # the old cookie, is answered last.
    early = await use(auth, first, 600)
    await use(auth, early, 601)
    kept = await use(auth, first, 602)
    for at_s in range(1200, 6000, 600):
        lost = await use(auth, kept, at_s)
        kept = await use(auth, kept, at_s + 9)
        assert kept != lost
    assert await ended_sessions(database_url) == []


async def test_what_is_kept_of_a_session_does_not_grow_and_its_oldest_token_still_ends_it(
    auth: Auth, first: str, database_url: str
) -> None:
    token = first
    for at_s in range(600, 60_000, 600):
        token = await use(auth, token, at_s)
    assert await kept_uses(database_url) == 1
    await refused(auth, first, 60_000)
    await refused(auth, token, 60_001)
    await ended_as_stolen(auth, database_url, first)


async def kept_uses(database_url: str) -> int:
    engine = create_async_engine(database_url)
    try:
        async with engine.connect() as connection:
            return int((await connection.execute(sa.text("SELECT count(*) FROM refresh_uses"))).scalar_one())
    finally:
        await engine.dispose()


async def test_a_token_that_auth_did_not_make_opens_and_ends_nothing(
    auth: Auth, first: str, database_url: str
) -> None:
    other = (await auth.sign_in("zhang.wei")).refresh_token
    session_id, issued, nonce, mac = first.split(".")
    with_another_end = mac[:-1] + chr(ord(mac[-1]) + 1)  # may stand for the same bytes
    forged = [
        f"{session_id}.{int(issued) + 1}.{nonce}.{mac}",
        f"{session_id}.0{issued}.{nonce}.{mac}",
        f"{session_id}.{issued}.{nonce[::-1]}.{mac}",
        f"{session_id}.{issued}.{nonce}.{with_another_end}",
        f"{session_id}.{issued}.{nonce}.{other.split('.')[3]}",
        f"{other.split('.')[0]}.{issued}.{nonce}.{mac}",
        made_without_the_seed(auth, session_id),
    ]
    for token in forged:
        await refused(auth, token, 20)
        await auth.tokens.RevokeToken(auth_pb2.RevokeTokenRequest(token=token))
        assert not (await auth.tokens.IntrospectToken(auth_pb2.IntrospectTokenRequest(token=token))).active
    assert await ended_sessions(database_url) == []
    assert await use(auth, first, 21)


def made_without_the_seed(auth: Auth, session_id: str) -> str:
    """What another service of the cluster can make: it has the key and not auth's database."""
    now_ms = auth.clock.now_ms()
    guessed = Session(session_id, "", Way.PASSWORD, "", "", now_ms, now_ms, now_ms, seed=bytes(32))
    return RefreshTokenKey(auth.runtime.key.derive("auth-refresh-token")).make(guessed, now_ms)


async def test_two_processes_of_auth_let_one_of_two_siblings_go_on(tmp_path: Path, postgres_url: str) -> None:
    async with two_of_auth(tmp_path, postgres_url) as (here, there):
        first = await signed_in(here)
        left, right = await asyncio.gather(use(here, first, 600), use(there, first, 600))
        outcomes = await asyncio.gather(
            use(here, left, 1200), use(there, right, 1200), return_exceptions=True
        )
        assert [type(outcome) for outcome in outcomes if not isinstance(outcome, str)] == [
            UnauthenticatedError
        ]
        await ended_as_stolen(here, postgres_url, first)


@asynccontextmanager
async def two_of_auth(tmp_path: Path, postgres_url: str) -> AsyncIterator[tuple[Auth, Auth]]:
    runtime = runtime_for(tmp_path, MovableClock())
    registry = Registry()  # type: ignore[abstract]  # the feed is all that auth asks
    elsewhere = runtime.cluster.model_copy(update={"auth_address": f"127.0.0.1:{free_port()}"})
    async with (
        serve_registry(runtime, registry),
        auth_of(runtime, registry, postgres_url) as here,
        auth_of(replace(runtime, cluster=elsewhere), registry, postgres_url) as there,
    ):
        yield here, there
