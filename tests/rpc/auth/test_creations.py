"""What is asked for again with one request_id is made once, whatever it is."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from snowlight.api.auth.v1 import auth_pb2, consent_pb2, workspace_pb2
from snowlight.errors import AlreadyExistsError, InvalidArgumentError, NotFoundError, RequestReusedError
from snowlight.rpc.status import remote_errors
from tests.parts.clock import MovableClock
from tests.parts.password import PASSWORD
from tests.rpc.auth.cluster import auth_of, runtime_for, serve_registry
from tests.rpc.auth.registry import Registry
from tests.rpc.auth.village import DAY_MS, HOME, HOUR_MS, VILLAGE, Village, settle
from tests.waiting import eventually

Create = Callable[..., Awaitable[Any]]
"""With request_id and request_fingerprint, and fields that the thing itself has otherwise than ordinarily."""


def told(call: Callable[[Any], Awaitable[Any]], request: Any) -> Awaitable[Any]:
    async def answer() -> Any:
        with remote_errors("services/auth"):
            return await call(request)

    return answer()


async def creations(village: Village) -> dict[str, Create]:
    """How each is made; all in the name of one token each."""
    auth = village.auth
    tokens = {name: await village.token(name) for name in ("owner", "wang", "mayor")}
    scope = f"regions/{VILLAGE}"
    audience = consent_pb2.Audience(principal=village.names["cadre"])
    end, start = village.ahead(30 * DAY_MS), village.ahead(-HOUR_MS)
    window: dict[str, Any] = {"window_start": start, "window_end": village.ahead(-HOUR_MS // 2)}

    def consent(request_id: str, request_fingerprint: bytes, **fields: Any) -> Awaitable[Any]:
        ordinary: dict[str, Any] = {
            "camera_uid": HOME,
            "audience": audience,
            "actions": ["live"],
            "end_time": end,
        }
        made = consent_pb2.CreateConsentRequest(
            access_token=tokens["owner"],
            consent=consent_pb2.Consent(**(ordinary | fields)),
            request_id=request_id,
            request_fingerprint=request_fingerprint,
        )
        return told(auth.consents.CreateConsent, made)

    def grant(request_id: str, request_fingerprint: bytes, **fields: Any) -> Awaitable[Any]:
        ordinary: dict[str, Any] = {
            "kind": "case",
            "camera_uids": [HOME],
            "actions": ["live"],
            "reason": "theft",
        }
        ordinary |= {"case_number": "A1", "duration_s": 3600}
        made = consent_pb2.CreateGrantRequest(
            access_token=tokens["wang"],
            grant=consent_pb2.Grant(**(ordinary | fields)),
            request_id=request_id,
            request_fingerprint=request_fingerprint,
        )
        return told(auth.consents.CreateGrant, made)

    def subject_request(request_id: str, request_fingerprint: bytes, **fields: Any) -> Awaitable[Any]:
        texts: dict[str, Any] = {"applicant_reference": "a", "identity_checked_by": "b", "reason": "c"}
        made = consent_pb2.CreateSubjectRequestRequest(
            access_token=tokens["wang"],
            subject_request=consent_pb2.SubjectRequest(**({"camera_uid": HOME} | window | texts | fields)),
            request_id=request_id,
            request_fingerprint=request_fingerprint,
        )
        return told(auth.consents.CreateSubjectRequest, made)

    def principal(request_id: str, request_fingerprint: bytes, **fields: Any) -> Awaitable[Any]:
        ordinary: dict[str, Any] = {
            "username": "new",
            "line": auth_pb2.GOVERNMENT,
            "roles": [auth_pb2.VIEWER],
        }
        made = auth_pb2.CreatePrincipalRequest(
            principal=auth_pb2.Principal(**(ordinary | {"scope": scope} | fields)),
            password=PASSWORD,
            on_behalf_of=auth_pb2.OnBehalfOf(access_token=tokens["mayor"]),
            request_id=request_id,
            request_fingerprint=request_fingerprint,
        )
        return told(auth.directory.CreatePrincipal, made)

    def jurisdiction(request_id: str, request_fingerprint: bytes, **fields: Any) -> Awaitable[Any]:
        ordinary: dict[str, Any] = {"display_name": "a", "region": scope, "regions": [scope], "reason": "b"}
        made = auth_pb2.CreateJurisdictionRequest(
            jurisdiction=auth_pb2.Jurisdiction(**(ordinary | fields)),
            on_behalf_of=auth_pb2.OnBehalfOf(access_token=tokens["mayor"]),
            request_id=request_id,
            request_fingerprint=request_fingerprint,
        )
        return told(auth.directory.CreateJurisdiction, made)

    def layout(request_id: str, request_fingerprint: bytes, **fields: Any) -> Awaitable[Any]:
        ordinary: dict[str, Any] = {"display_name": "a", "tiles": 1, "camera_uids": [HOME]}
        made = workspace_pb2.CreateWallLayoutRequest(
            access_token=tokens["mayor"],
            wall_layout=workspace_pb2.WallLayout(**(ordinary | fields)),
            request_id=request_id,
            request_fingerprint=request_fingerprint,
        )
        return told(auth.workspaces.CreateWallLayout, made)

    return {
        "consent": consent,
        "grant": grant,
        "subject request": subject_request,
        "principal": principal,
        "jurisdiction": jurisdiction,
        "layout": layout,
    }


async def test_each_is_made_once_also_by_attempts_at_one_moment(village: Village) -> None:
    for kind, create in (await creations(village)).items():
        answers = await asyncio.gather(*(create(kind, b"f") for _ in range(4)))
        assert {answer.name for answer in answers} == {answers[0].name}, kind
        assert await create(kind, b"f") == answers[0], kind
        with pytest.raises(RequestReusedError):
            await create(kind, b"other")
        if kind != "principal":  # of one user name there is one
            assert (await create(f"{kind} 2", b"f")).name != answers[0].name, kind
            assert (await create("", b"")).name != (await create("", b"")).name, kind
    assert len(await village.consents("owner")) == 4


async def test_what_was_refused_may_be_asked_for_again(village: Village) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "consent": {"audience": consent_pb2.Audience(principal="principals/none")},
        "grant": {"beneficiary": "principals/none"},
        "subject request": {"officer": "principals/none"},
        "principal": {"username": "wang"},
        "jurisdiction": {"members": ["principals/none"]},
        "layout": {"tiles": 3},
    }
    for kind, create in (await creations(village)).items():
        with pytest.raises((InvalidArgumentError, AlreadyExistsError)):
            await create(kind, b"f", **wrong[kind])
        assert (await create(kind, b"other")).name, kind


async def test_what_is_gone_is_not_made_anew_and_after_a_day_it_is(village: Village) -> None:
    create = (await creations(village))["layout"]
    first = await create("one", b"f")
    await village.auth.workspaces.DeleteWallLayout(
        workspace_pb2.DeleteWallLayoutRequest(access_token=await village.token("mayor"), name=first.name)
    )
    village.auth.clock.ahead_s += DAY_MS / 1000 - 60
    create = (await creations(village))["layout"]
    with pytest.raises(NotFoundError):
        await create("one", b"f")
    village.auth.clock.ahead_s += 61
    create = (await creations(village))["layout"]
    assert (await create("one", b"another")).name != first.name


async def test_an_id_or_a_fingerprint_that_is_too_long_is_refused(village: Village) -> None:
    create = (await creations(village))["layout"]
    for request_id, fingerprint, field in (
        ("x" * 65, b"", "request_id"),
        ("x", b"f" * 65, "request_fingerprint"),
    ):
        with pytest.raises(InvalidArgumentError) as refused:
            await create(request_id, fingerprint)
        assert refused.value.field == field


async def test_it_is_known_after_a_restart_and_forgotten_in_the_end(
    tmp_path: Path, database_url: str
) -> None:
    clock = MovableClock()
    runtime, registry = runtime_for(tmp_path, clock), Registry()  # type: ignore[abstract]
    async with serve_registry(runtime, registry):
        async with auth_of(runtime, registry, database_url) as auth:
            village = await settle(auth)
            first = await (await creations(village))["grant"]("one", b"f")
        async with auth_of(runtime, registry, database_url) as auth:
            again = await (await creations(Village(auth, village.names)))["grant"]("one", b"f")
            assert again == first
        clock.ahead_s += DAY_MS / 1000 + 1
        async with auth_of(runtime, registry, database_url):
            engine = create_async_engine(database_url)
            try:
                await eventually(lambda: _is_empty(engine))  # auth cleans up at its start
            finally:
                await engine.dispose()


async def _is_empty(engine: Any) -> bool:
    async with engine.connect() as connection:
        return not await connection.scalar(sa.text("SELECT count(*) FROM creations"))
