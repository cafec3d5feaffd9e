"""Somebody who uses a cluster over HTTP, and no other way."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp


@dataclass(frozen=True)
class Answer:
    """What came back."""

    method: str
    path: str
    status: int
    content_type: str
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Person:
    """A client with an access token, "" for nobody in particular."""

    http: aiohttp.ClientSession
    token: str = ""
    heard: list[Answer] = field(default_factory=list)
    """Every answer so far."""

    async def ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **options: Any
    ) -> Answer:
        """Send one request. `options` are aiohttp's: json, data, params."""
        authorization = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self.http.request(
            method, path, headers=authorization | (headers or {}), **options
        ) as response:
            body = await response.read()
            answer = Answer(method, path, response.status, response.content_type, body)
        self.heard.append(answer)
        return answer

    async def get(self, path: str, **options: Any) -> Any:
        """The JSON at `path`, which must be there."""
        answer = await self.ask("GET", path, **options)
        assert answer.status == 200, answer
        return answer.json()

    async def add_camera(self, camera_id: str, **fields: Any) -> dict[str, Any]:
        """Register a camera; the fields are the resource's."""
        body = {"display_name": camera_id, **fields}
        answer = await self.ask("POST", f"/v1/cameras?camera_id={camera_id}", json=body)
        assert answer.status == 200, answer
        created: dict[str, Any] = answer.json()
        return created

    async def camera(self, camera_id: str) -> dict[str, Any]:
        """The camera resource."""
        found: dict[str, Any] = await self.get(f"/v1/cameras/{camera_id}")
        return found

    async def status(self, camera_id: str) -> dict[str, Any]:
        """What the camera is doing, its last state changes and gaps."""
        found: dict[str, Any] = await self.get(f"/v1/cameras/{camera_id}/status")
        return found

    async def timeline(self, camera_id: str, start: datetime, end: datetime) -> dict[str, Any]:
        """Spans and gaps."""
        found: dict[str, Any] = await self.get(
            f"/v1/cameras/{camera_id}/timeline", params={"start": start.isoformat(), "end": end.isoformat()}
        )
        return found

    async def ticket(self, camera_id: str, action: str, **fields: str) -> str:
        """A ticket for a camera's pictures."""
        answer = await self.ask("POST", f"/v1/cameras/{camera_id}/tickets", json={"action": action, **fields})
        assert answer.status == 200, answer
        return str(answer.json()["ticket"])


@asynccontextmanager
async def anybody(url: str) -> AsyncIterator[Person]:
    """A client of the gateway at `url` that has not signed in."""
    async with aiohttp.ClientSession(url) as http:
        yield Person(http)


@asynccontextmanager
async def signed_in(url: str, username: str, password: str) -> AsyncIterator[Person]:
    """Somebody who has signed in by password (RFC 6749, 4.3)."""
    form = {"grant_type": "password", "username": username, "password": password}
    async with anybody(url) as person:
        answer = await person.ask("POST", "/v1/token", data=form)
        assert answer.status == 200, answer
        person.token = answer.json()["access_token"]
        yield person


def now() -> datetime:
    """The present, UTC."""
    return datetime.now(UTC)


def day_around(instant: datetime) -> dict[str, str]:
    """`start` and `end` of a ticket's window, twelve hours to either side."""
    half = timedelta(hours=12)
    return {"start": (instant - half).isoformat(), "end": (instant + half).isoformat()}
