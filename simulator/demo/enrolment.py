"""Registers the village over the outside interface, as an operator's script would."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from simulator.village import VillageCamera

_OWNERSHIP = "PUBLIC"
_RETENTION_DAYS = 7
_DOSSIER = {
    "legal_basis": "a demonstration: nobody is filmed",
    "sign": "none: the pictures are simulated",
    "siting_approval": "none: the place is simulated",
    "audio_reason": "to hear whether sound and pictures are together",
}
_MANAGING_UNIT = "the demonstration's village"


class Console:
    """A signed-in client of the gateway."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self._http = http

    async def enrol(self, cameras: Sequence[VillageCamera], urls: Sequence[str]) -> list[str]:
        """Make exactly these cameras enabled, with these URLs; others keep their footage, disabled.

        Gives back their names, "cameras/{id}", in order.
        """
        known = {camera["name"]: camera for camera in await self._list()}
        names = [f"cameras/{camera.id}" for camera in cameras]
        for name, camera, url in zip(names, cameras, urls, strict=True):
            wanted = {
                "source_url": url,
                "enabled": True,
                "managing_unit": _MANAGING_UNIT,
                "dossier": _DOSSIER,
                "location": {"latitude": camera.location[0], "longitude": camera.location[1]},
            }
            if name in known:
                await self._send("PATCH", f"/v1/{name}", wanted)
            else:
                await self._send("POST", f"/v1/cameras?camera_id={camera.id}", _registration(camera, wanted))
        for name in known.keys() - set(names):
            if known[name]["enabled"]:
                await self._send("PATCH", f"/v1/{name}", {"enabled": False})
        return names

    async def _list(self) -> list[dict[str, Any]]:
        cameras: list[dict[str, Any]] = []
        page_token = ""
        while True:
            path = f"/v1/cameras?page_size=1000&page_token={page_token}"
            page = await self._send("GET", path)
            cameras += page["cameras"]
            page_token = page.get("next_page_token", "")
            if not page_token:
                return cameras

    async def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        async with self._http.request(method, path, json=body) as response:
            answer: dict[str, Any] = await response.json(content_type=None)
            if not response.ok:
                raise RuntimeError(f"{method} {path.partition('?')[0]}: {answer}")
            return answer


@asynccontextmanager
async def sign_in(url: str, username: str, password: str) -> AsyncIterator[Console]:
    """Sign in by password (RFC 6749 4.3). Raises RuntimeError when refused."""
    form = {"grant_type": "password", "username": username, "password": password}
    async with aiohttp.ClientSession(url) as anonymous, anonymous.post("/v1/token", data=form) as response:
        answer = await response.json(content_type=None)
        if not response.ok:
            raise RuntimeError(f"cannot sign in as {username}: {answer}")
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    async with aiohttp.ClientSession(url, headers=headers) as http:
        yield Console(http)


def _registration(camera: VillageCamera, wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        "display_name": camera.display_name,
        "region": f"regions/{camera.region.code}",
        "camera_class": 2,
        "ownership": _OWNERSHIP,
        "audio": True,
        "retention_days": _RETENTION_DAYS,
        **wanted,
    }
