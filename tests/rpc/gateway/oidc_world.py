"""A site, a provider of OpenID Connect, and browsers that go from one to the other."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from simulator.ports import free_port
from snowlight.api.auth.v1 import audit_pb2, audit_pb2_grpc
from tests.parts.callers import permitted_channel
from tests.rpc.gateway.oidc_provider import CLIENT_SECRET, OidcProvider, run_provider
from tests.rpc.gateway.site import Site, run_site

RENEW = {"X-Snowlight-Session": "renew"}
FILE = """
[[provider]]
name = "carrier"
issuer = "{issuer}"
client_id = "snowlight"
client_secret_file = "{secret}"
redirect_uri = "{redirect_uri}"

[provider.maximum]
lines = ["carrier", "government"]
roles = ["viewer", "operator"]
scope = "regions/421381"
organisations = ["Carrier of the county", "应山村委会"]

[[provider.rule]]
when = {{ groups = "operators" }}
line = "carrier"
roles = ["operator"]
scope = "regions/421381"
organisation = "Carrier of the county"

[[provider.rule]]
when = {{ groups = ["cadres", "officials"], "office.kind" = "village" }}
line = "government"
roles = ["viewer"]
scope_claim = "region"
organisation_claim = "office.name"
"""


class Person:
    """A browser of its own."""

    def __init__(self, site: Site, http: aiohttp.ClientSession) -> None:
        self.site = site
        self.http = http

    async def start(self) -> str:
        """Go to the provider, and stop where it leads back to: path and query."""
        async with self.http.get("/v1/oidc/start", allow_redirects=False) as response:
            assert response.status == 302, await response.text()
            cookie = response.headers["Set-Cookie"]
            for attribute in ("HttpOnly", "SameSite=Lax", "Path=/v1/oidc", "Max-Age=600"):
                assert attribute in cookie
            location = response.headers["Location"]
        async with self.http.get(location, allow_redirects=False) as response:
            assert response.status == 302, await response.text()
            return response.headers["Location"].removeprefix(self.site.url)

    async def come_back(self, path: str) -> tuple[int, str]:
        """Status, and the problem's code or where it leads to."""
        async with self.http.get(path, allow_redirects=False) as response:
            if response.status == 302:
                return 302, response.headers["Location"]
            return response.status, str((await response.json(content_type=None))["code"])

    async def come_in(self) -> tuple[int, str]:
        """All the way."""
        return await self.come_back(await self.start())

    async def session(self) -> dict[str, Any] | None:
        """The console's session, when there is one."""
        async with self.http.post("/v1/session", headers=RENEW) as response:
            return dict(await response.json()) if response.status == 200 else None


@asynccontextmanager
async def browser(site: Site) -> AsyncIterator[Person]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(site.url, cookie_jar=jar) as http:
        yield Person(site, http)


World = tuple[Site, OidcProvider, Person]


@asynccontextmanager
async def run_world(tmp_path: Path) -> AsyncIterator[World]:
    """A provider, a site whose people it knows, and a browser."""
    port, provider_port = free_port(), free_port()
    redirect_uri = f"http://127.0.0.1:{port}/v1/oidc/callback"
    async with run_provider(redirect_uri, provider_port) as provider:
        secret, file = tmp_path / "secret", tmp_path / "oidc.toml"
        secret.write_text(CLIENT_SECRET + "\n")
        file.write_text(FILE.format(issuer=provider.issuer, secret=secret, redirect_uri=redirect_uri))
        async with (
            run_site(tmp_path / "site", port=port, auth_settings={"oidc_file": file}) as site,
            browser(site) as person,
        ):
            yield site, provider, person


async def audit(site: Site) -> list[audit_pb2.AuditRecord]:
    """How people were mapped, newest first."""
    async with permitted_channel(site.runtime, site.runtime.cluster.auth_address) as channel:
        log: audit_pb2_grpc.AuditAsyncStub = audit_pb2_grpc.AuditStub(channel)
        reader = audit_pb2.AuditReader(whole=True)
        answer = await log.ListAuditRecords(audit_pb2.ListAuditRecordsRequest(reader=reader))
        return [record for record in answer.records if record.action == "principal.map"]
