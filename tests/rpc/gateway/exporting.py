"""A site with footage of twenty minutes ago, to be exported over HTTP."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snowlight.instants import format_instant
from tests.rpc.gateway.footage import Session, session
from tests.rpc.gateway.site import Site
from tests.waiting import eventually

GAP_MS = 6_000
"""Of each camera, between two stretches of footage."""
STRETCH_S = 10
LONG = 64 << 20
"""Bytes of a file that `grow` has made long."""


@dataclass
class Yard:
    """Cameras "gate" and "lane", each with two stretches of footage and a gap between them."""

    site: Site
    start_ms: int
    uids: dict[str, str]

    @property
    def end_ms(self) -> int:
        return self.start_ms + 2 * STRETCH_S * 1000 + GAP_MS

    def wish(self, *cameras: str, **fields: Any) -> dict[str, Any]:
        return {
            "cameras": [f"cameras/{camera}" for camera in cameras or ("gate",)],
            "start": format_instant(self.start_ms),
            "end": format_instant(self.end_ms),
            "case_number": "鄂广公立字[2026]1126号",
            "reason": "盗窃案",
        } | fields

    async def create(self, *cameras: str, by: str = "root", **fields: Any) -> dict[str, Any]:
        """An export that has begun, once storage has heard of its cameras."""
        made: dict[str, Any] = {}
        token = await self.site.token(by)

        async def known() -> bool:
            nonlocal made
            body = self.wish(*cameras, **fields)
            status, made = await self.site.call("POST", "/v1/exports", token, json=body)
            assert status == 200 or made["code"] == "export.camera_unknown", made
            return status == 200

        await eventually(known)
        return made

    async def done(self, *cameras: str, by: str = "root", **fields: Any) -> dict[str, Any]:
        """An export that has ended."""
        return await self.ended((await self.create(*cameras, by=by, **fields))["name"], by=by)

    async def ended(self, name: str, by: str = "root") -> dict[str, Any]:
        token, found = await self.site.token(by), {"state": "PENDING"}

        async def has() -> bool:
            nonlocal found
            status, found = await self.site.call("GET", f"/v1/{name}", token)
            assert status == 200, found
            return found["state"] not in ("PENDING", "RUNNING")

        await eventually(has, timeout_s=60)
        return found

    async def load(self, path: str, by: str = "root", **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        """Status, headers and body of what is taken along."""
        headers["Authorization"] = f"Bearer {await self.site.token(by)}"
        async with self.site.http.get(path, headers=headers) as response:
            return response.status, response.headers, await response.read()

    async def unpack(self, name: str, folder: Path, by: str = "root") -> Path:
        """Load the package of an export; where its manifest lies."""
        status, _, data = await self.load(f"/v1/{name}/download", by)
        assert status == 200, data
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            assert package.testzip() is None
            package.extractall(folder)
            (manifest,) = (each for each in package.namelist() if each.endswith("/manifest.json"))
        return folder / manifest


async def settle_yard(site: Site) -> Yard:
    """Record it."""
    start_ms = (site.clock.now_ms() - 20 * 60_000) // 1000 * 1000
    yard = Yard(site, start_ms, {})
    for camera in ("gate", "lane"):
        uid = yard.uids[camera] = await site.add_camera(camera)
        for begin_ms in (start_ms, start_ms + STRETCH_S * 1000 + GAP_MS):
            await record(site, uid, session(begin_ms, STRETCH_S))
    return yard


async def record(site: Site, uid: str, made: Session) -> None:
    """Put it into the store, in objects of four seconds."""
    first_ms = made.fragments[0].start_ms
    for begin_ms in range(first_ms, made.fragments[-1].end_ms, 4_000):
        fragments = made.between(begin_ms, begin_ms + 4_000)
        if fragments:
            await site.commit(uid, site.spool(uid, made.init, fragments))


def grow(site: Site, name: str) -> None:
    """Put a long file in the place of an export's: what is in it is nobody's business here."""
    data_dir, export_id = site.runtime.cluster.data_dir, name.removeprefix("exports/")
    with closing(sqlite3.connect(data_dir / "storage.db", timeout=20)) as database, database:
        query = "SELECT rendered FROM exports WHERE id = ?"
        rendered = json.loads(database.execute(query, [export_id]).fetchone()[0])
        rendered[0]["told"]["size"] = LONG
        database.execute("UPDATE exports SET rendered = ? WHERE id = ?", [json.dumps(rendered), export_id])
    file = data_dir / "evidence" / "exp" / export_id / rendered[0]["told"]["file"]
    file.unlink()
    with file.open("wb") as long:
        long.truncate(LONG)
