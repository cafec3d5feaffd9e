"""The table of docs/rights.md, asked of the running services: every tier, line, role, action and ownership,
inside the scope and outside of it, over gRPC and over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass

import pytest

from services.auth.decision import OF_CAMERAS, Action
from services.auth.model import Line, Ownership, Role
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.instants import format_instant
from tests.parts.callers import permitted_channel
from tests.parts.password import PASSWORD
from tests.rights_table import expected
from tests.rpc.gateway.people import OTHER
from tests.rpc.gateway.site import Site

REGIONS = (
    *("37", "3713", "371302", "371302001", "371302001001"),
    *("371302001001-g1", "371302001001-g1-2", "371302001001-g1-2-3"),
)
"""One of each level, each in the one before."""
ORGANISATION = "电信"
PURPOSE = "案件 20261126001"
PICTURES = ("live", "snapshot", "playback", "export")
MANY = 8
BATCH = 200

pytestmark = pytest.mark.timeout(900)  # twenty thousand questions


@dataclass(frozen=True)
class Somebody:
    """A principal of the table, signed in."""

    line: Line
    tier: int
    role: Role
    token: str

    def may(self, ownership: str, *, inside: bool) -> frozenset[str]:
        """What the table says of a camera."""
        return expected(self.line, self.tier, self.role).on_camera(ownership) if inside else frozenset()

    def __str__(self) -> str:
        return f"{self.line} {self.tier} {self.role}"


@dataclass(frozen=True)
class Camera:
    """A camera of the table."""

    camera_id: str
    uid: str
    ownership: str
    inside: bool


@dataclass(frozen=True)
class Question:
    """What is asked of auth, and what the table says."""

    request: auth_pb2.AuthorizeRequest
    should: bool
    told: str

    def difference(self, answer: auth_pb2.AuthorizeResponse) -> str:
        """What of the answer is otherwise. A decision names what it rests on."""
        names_why = bool(answer.policies or answer.reason == "auth.role_missing" or self.request.region)
        if answer.allowed == self.should and names_why:
            return ""
        return f"{self.told}: {answer.allowed} {answer.reason}"


@dataclass(frozen=True)
class County:
    """Everybody and every camera."""

    access: auth_pb2_grpc.AccessAsyncStub
    people: list[Somebody]
    cameras: list[Camera]


@pytest.fixture
async def county(site: Site) -> AsyncIterator[County]:
    async with permitted_channel(site.runtime, site.runtime.cluster.auth_address) as channel:
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)
        for level, code in enumerate(REGIONS, 1):
            region = auth_pb2.Region(
                name=f"regions/{code}",
                parent=f"regions/{REGIONS[level - 2]}" if level > 1 else "",
                level=auth_pb2.RegionLevel.ValueType(level),
                display_name=code,
            )
            await directory.CreateRegion(auth_pb2.CreateRegionRequest(region=region))
        await _sign_in(site, directory, Line.GOVERNMENT, 1, Role.ADMIN, "registrar")
        cameras = [
            await _camera(site, f"{ownership}-{side}", region, ownership, user, inside=side == "inside")
            for ownership in Ownership
            for side, region, user in (
                ("inside", f"regions/{REGIONS[-1]}", "registrar"),
                ("outside", OTHER, "away"),
            )
        ]
        combinations = [
            (line, tier, role)
            for line in Line
            for tier in range(1, 9)
            for role in Role
            if line is not Line.RESIDENT or role is Role.VIEWER  # no other residents can be made
        ]
        people = [
            await _sign_in(site, directory, line, tier, role, f"{line}.{tier}.{role}")
            for line, tier, role in combinations
        ]
        yield County(auth_pb2_grpc.AccessStub(channel), people, cameras)


async def test_grpc_answers_as_the_table_says(site: Site, county: County) -> None:
    """All questions, many at a time, which is as if each were asked alone (test_authorize_batch.py). Those
    about one camera are asked alone as well."""
    window = site.clock.now_ms() - 3_600_000, site.clock.now_ms()

    def of_camera(one: Somebody, camera: Camera, action: Action) -> Question:
        request = auth_pb2.AuthorizeRequest(action=action, camera_uid=camera.uid, purpose=PURPOSE)
        if action in ("playback", "export"):
            request.start.FromMilliseconds(window[0])
            request.end.FromMilliseconds(window[1])
        should = action in one.may(camera.ownership, inside=camera.inside)
        return Question(request, should, f"{one} {action} {camera.camera_id}")

    def of_region(one: Somebody, region: str, action: Action) -> Question:
        request = auth_pb2.AuthorizeRequest(action=action, region=region)
        should = region != OTHER and action in expected(one.line, one.tier, one.role).everything
        return Question(request, should, f"{one} {action} {region}")

    async def at_once(one: Somebody, questions: Sequence[Question]) -> str:
        requests = [question.request for question in questions]
        batch = auth_pb2.BatchAuthorizeRequest(access_token=one.token, requests=requests)
        results = (await county.access.BatchAuthorize(batch)).results
        assert all(result.HasField("response") for result in results)
        answered = zip(questions, results, strict=True)
        differences = [question.difference(result.response) for question, result in answered]
        return "; ".join(filter(None, differences))

    async def alone(one: Somebody, question: Question) -> str:
        request = auth_pb2.AuthorizeRequest(access_token=one.token)
        request.MergeFrom(question.request)
        return question.difference(await county.access.Authorize(request))

    asked: list[Awaitable[str]] = []
    count = 0
    for one in county.people:
        questions = [of_camera(one, camera, action) for camera in county.cameras for action in Action]
        asked += [alone(one, question) for question in questions[: len(Action)]]
        questions += [
            of_region(one, region, action)
            for region in (f"regions/{REGIONS[-1]}", OTHER)
            for action in Action
            if action not in OF_CAMERAS
        ]
        asked += [at_once(one, questions[begin : begin + BATCH]) for begin in range(0, len(questions), BATCH)]
        count += len(questions)
    assert count > 15_000
    assert await _differences(asked) == []


async def test_http_answers_as_the_table_says(site: Site, county: County) -> None:
    window = {"start": _instant(site, -3600), "end": _instant(site, 0)}

    async def ticket(one: Somebody, camera: Camera, action: str) -> str:
        body = {"action": action, "purpose": PURPOSE} | (window if action in ("playback", "export") else {})
        status, answer = await site.call(
            "POST", f"/v1/cameras/{camera.camera_id}/tickets", one.token, json=body
        )
        rights = one.may(camera.ownership, inside=camera.inside)
        should = 200 if action in rights else 403 if "camera.read" in rights else 404
        return "" if status == should else f"{one} {action} {camera.camera_id}: {status} {answer}"

    async def listing(one: Somebody) -> str:
        status, answer = await site.call("GET", "/v1/cameras", one.token)
        assert status == 200
        found = {camera["name"] for camera in answer["cameras"]}
        should = {
            f"cameras/{camera.camera_id}"
            for camera in county.cameras
            if "camera.read" in one.may(camera.ownership, inside=camera.inside)
        }
        return "" if found == should else f"{one} sees {found}, not {should}"

    questions: list[Awaitable[str]] = [listing(one) for one in county.people]
    questions += [
        ticket(one, camera, action)
        for one in county.people
        for camera in county.cameras
        for action in PICTURES
    ]
    assert await _differences(questions) == []


async def _differences(questions: Sequence[Awaitable[str]]) -> list[str]:
    """What was answered otherwise, some questions at a time."""
    waiting = iter(questions)
    differences: list[str] = []

    async def ask() -> None:
        for question in waiting:
            difference = await question
            if difference:
                differences.append(difference)

    async with asyncio.TaskGroup() as group:
        for _ in range(MANY):
            group.create_task(ask())
    return differences


async def _sign_in(
    site: Site,
    directory: auth_pb2_grpc.DirectoryAsyncStub,
    line: Line,
    tier: int,
    role: Role,
    username: str,
) -> Somebody:
    principal = auth_pb2.Principal(
        username=username,
        line=auth_pb2.Line.Value(line.name),
        roles=[auth_pb2.Role.Value(role.name)],
        scope=f"regions/{REGIONS[tier - 1]}",
        organisation=ORGANISATION,
    )
    await directory.CreatePrincipal(auth_pb2.CreatePrincipalRequest(principal=principal, password=PASSWORD))
    return Somebody(line, tier, role, await site.token(username))


async def _camera(
    site: Site, camera_id: str, region: str, ownership: Ownership, username: str, *, inside: bool
) -> Camera:
    body = {
        "region": region,
        "source_url": "rtsp://127.0.0.1/x",
        "ownership": ownership.upper(),
        "operator": ORGANISATION,
        "listed_for_residents": True,
    }
    status, camera = await site.call(
        "POST", f"/v1/cameras?camera_id={camera_id}", await site.token(username), json=body
    )
    assert status == 200, camera
    return Camera(camera_id, camera["uid"], str(ownership), inside)


def _instant(site: Site, offset_s: int) -> str:
    return format_instant(site.clock.now_ms() + offset_s * 1000)
