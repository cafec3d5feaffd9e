"""Somebody who knows nothing of the cluster but its HTTP interface."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import aiohttp

from tests.cluster.playlist import MediaPlaylist, instant_of, parse_media_playlist, rfc3339, variant_of
from tests.parts.snowlight import Snowlight
from tests.waiting import eventually

COUNTY = "421381"
USERNAME = "duty"
LIVE_WITHIN_S = 60
_MONTH_MS = 31 * 86_400_000


def now_ms() -> float:
    """The wall clock, ms since 1970 UTC."""
    return time.time() * 1000


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end), ms since 1970 UTC; `cause` only of a gap."""

    start_ms: float
    end_ms: float
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Timeline:
    """What can be played, and why the rest cannot."""

    spans: list[Span]
    gaps: list[Span]


class Person:
    """Signed in at a gateway."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    async def create_camera(self, camera_id: str, source_url: str, **fields: Any) -> dict[str, Any]:
        """Register a camera of the county, recorded with its sound from now on."""
        body = {"region": f"regions/{COUNTY}", "source_url": source_url, "camera_class": 2}
        body |= {"ownership": "PUBLIC", "audio": True, "retention_days": 7}
        body |= {"dossier": {"audio_reason": "the test listens"}, **fields}
        return await self.send("POST", f"/v1/cameras?camera_id={camera_id}", body)

    async def wait_online(self, camera: str) -> None:
        """Return once the camera `cameras/{id}` is seen to be online."""

        async def online() -> bool:
            state: str = (await self.send("GET", f"/v1/{camera}"))["state"]
            return state == "ONLINE"

        await eventually(online, LIVE_WITHIN_S)

    async def wait_recorded(self, camera: str, since_ms: float) -> None:
        """Return once there is footage of the camera from after `since_ms`."""

        async def recorded() -> bool:
            return bool((await self.timeline(camera, since_ms)).spans)

        await eventually(recorded, LIVE_WITHIN_S)

    async def live_url(self, camera: str) -> str:
        """The URL of the live multivariant playlist."""
        return await self._hls(camera, {"action": "live"})

    async def live_playlist(self, url: str) -> MediaPlaylist:
        """The media playlist behind a live URL, waited for while the camera or a service is coming up."""
        variant_url = ""

        async def answers() -> bool:
            nonlocal variant_url
            try:
                async with self._http.get(url) as response:
                    if response.status == 503:
                        return False
                    assert response.status == 200, await response.text()
                    _, variant_url = variant_of(await response.text(), url)
                    return True
            except aiohttp.ClientConnectionError:
                return False

        await eventually(answers, LIVE_WITHIN_S)
        return parse_media_playlist((await self.fetch(variant_url)).decode(), variant_url)

    async def vod_url(self, camera: str, start_ms: float, end_ms: float) -> str:
        """The URL of the archive playlist of [start_ms, end_ms), with a ticket for just that window."""
        window = {"start": rfc3339(start_ms), "end": rfc3339(end_ms)}
        return await self._hls(camera, {"action": "playback", **window})

    async def vod_playlist(self, camera: str, start_ms: float, end_ms: float) -> MediaPlaylist:
        """The archive playlist of [start_ms, end_ms)."""
        url = await self.vod_url(camera, start_ms, end_ms)
        return parse_media_playlist((await self.fetch(url)).decode(), url)

    async def timeline(self, camera: str, start_ms: float) -> Timeline:
        """Spans and gaps from `start_ms` up to now."""
        query = f"start={rfc3339(start_ms)}&end={rfc3339(start_ms + _MONTH_MS)}".replace("+", "%2B")
        answer = await self.send("GET", f"/v1/{camera}/timeline?{query}")
        return Timeline(
            [Span(instant_of(span["start"]), instant_of(span["end"])) for span in answer["spans"]],
            [Span(instant_of(gap["start"]), instant_of(gap["end"]), gap["cause"]) for gap in answer["gaps"]],
        )

    async def fetch(self, url: str) -> bytes:
        """What is at `url`, which must be there."""
        async with self._http.get(url) as response:
            assert response.status == 200, f"{response.status} {await response.text()}"
            return await response.read()

    async def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A call of the JSON interface, which must succeed."""
        async with self._http.request(method, urljoin(self._url, path), json=body) as response:
            assert response.ok, f"{method} {path}: {response.status} {await response.text()}"
            answer: dict[str, Any] = await response.json()
            return answer

    async def refusal(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> str:
        """The code of the problem with which a call of the JSON interface is refused."""
        async with self._http.request(method, urljoin(self._url, path), json=body) as response:
            assert not response.ok, f"{method} {path}: {response.status}"
            return str((await response.json())["code"])

    async def upload(self, path: str, table: str) -> dict[str, Any]:
        """Send a file of cameras (CSV). Returns the report."""
        headers = {"Content-Type": "text/csv"}
        async with self._http.post(
            urljoin(self._url, path), data=table.encode(), headers=headers
        ) as response:
            assert response.ok, f"{path}: {response.status} {await response.text()}"
            report: dict[str, Any] = await response.json()
            return report

    async def _hls(self, camera: str, wanted: Mapping[str, str]) -> str:
        ticket = await self.send("POST", f"/v1/{camera}/tickets", wanted)
        path: str = ticket["urls"]["hls"]
        return urljoin(self._url, path)


@asynccontextmanager
async def signed_in(url: str, username: str, password: str) -> AsyncIterator[Person]:
    """A person with an access token (RFC 6749 section 4.3)."""
    form = {"grant_type": "password", "username": username, "password": password}
    timeout = aiohttp.ClientTimeout(total=60)
    async with (
        aiohttp.ClientSession(timeout=timeout) as anonymous,
        anonymous.post(urljoin(url, "/v1/token"), data=form) as response,
    ):
        assert response.status == 200, await response.text()
        token = (await response.json())["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers, timeout=timeout) as http:
        yield Person(http, url)


async def add_duty_officer(snowlight: Snowlight) -> str:
    """Give the cluster its county and somebody who may manage and watch it. Returns the password."""
    await snowlight.administer(
        *("create-region", "--code", COUNTY, "--level", "county", "--display-name", "广水市")
    )
    return await snowlight.add_operator(USERNAME, scope=f"regions/{COUNTY}", line="government", role="admin")
