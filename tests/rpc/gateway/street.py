"""A household's street at the gateway: its owner, their camera, and officers."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.instants import format_instant
from snowlight.rpc.status import remote_errors
from tests.parts.callers import permitted_channel
from tests.parts.password import PASSWORD
from tests.rpc.gateway.people import COUNTY, VILLAGE
from tests.rpc.gateway.site import Site

DAY_MS, MINUTE_MS = 86_400_000, 60_000
PEOPLE = (
    ("owner", VILLAGE, auth_pb2.VIEWER, auth_pb2.RESIDENT, ""),
    ("wang", VILLAGE, auth_pb2.VIEWER, auth_pb2.POLICE, "Police station"),
    ("sergeant", COUNTY, auth_pb2.ADMIN, auth_pb2.POLICE, "Police station"),
)


@dataclass
class Street:
    """A household's camera "home", its owner, and officers."""

    site: Site
    home: str
    """The camera's uid."""

    async def call(
        self, by: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, Any]:
        """Status and answer."""
        options = {} if body is None else {"json": body}
        return await self.site.call(method, path, await self.site.token(by), **options)

    async def done(self, by: str, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer of what must succeed."""
        status, answer = await self.call(by, method, path, body)
        assert status == 200, answer
        return answer

    async def name(self, username: str) -> str:
        """The principal, as their token says."""
        claims = (await self.site.token(username)).split(".")[1]
        return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])

    def ahead(self, ms: int) -> str:
        return format_instant(self.site.clock.now_ms() + ms)

    async def sees(self, by: str, camera: str = "home") -> bool:
        status, _ = await self.call(by, "POST", f"/v1/cameras/{camera}/tickets", {"action": "live"})
        assert status in (200, 403, 404)
        return status == 200

    async def consent(self, **fields: Any) -> dict[str, Any]:
        """The owner's, to the cadre, live, for a month."""
        body = {
            "camera": "cameras/home",
            "audience": {"principal": await self.name("chen")},
            "actions": ["live"],
            "end_time": self.ahead(30 * DAY_MS),
        }
        answer: dict[str, Any] = await self.done("owner", "POST", "/v1/consents", body | fields)
        return answer


async def settle(site: Site) -> Street:
    """Make its people, and the camera."""
    async with permitted_channel(site.runtime, site.runtime.cluster.auth_address) as channel:
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)
        for username, scope, role, line, organisation in PEOPLE:
            principal = auth_pb2.Principal(
                username=username, line=line, roles=[role], scope=scope, organisation=organisation
            )
            with remote_errors("services/auth"):
                await directory.CreatePrincipal(
                    auth_pb2.CreatePrincipalRequest(principal=principal, password=PASSWORD)
                )
    street = Street(site, "")
    street.home = await site.add_camera("home", ownership="HOUSEHOLD", owner=await street.name("owner"))
    return street


@dataclass(frozen=True)
class Past:
    """What was of the home's camera, told in minutes."""

    street: Street
    from_ms: int

    def at(self, minute: float) -> int:
        return self.from_ms + round(minute * MINUTE_MS)

    def minute(self, instant_ms: int) -> float:
        return round((instant_ms - self.from_ms) / MINUTE_MS, 3)


def in_ms(instant: str) -> int:
    """Of RFC 3339."""
    return round(datetime.fromisoformat(instant).timestamp() * 1000)
