"""Four processes and the administrator's tool that know each other by certificates alone."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from pydantic import SecretStr

from snowlight.api.storage.v1 import storage_pb2, storage_pb2_grpc
from snowlight.config import ClusterSettings, TlsSettings
from snowlight.errors import UnauthenticatedError, UnavailableError
from snowlight.rpc.channel import open_channel
from snowlight.rpc.status import remote_errors
from snowlight.runtime import build_runtime
from tests.cluster.person import USERNAME, add_duty_officer, now_ms, signed_in
from tests.cluster.village import run_village
from tests.cluster.watching import expect_live
from tests.parts.certificates import Authority, environment
from tests.parts.snowlight import SERVICES, Snowlight, run_separate
from tests.waiting import eventually

CAMERA = "cameras/gate"
NAMED = (*SERVICES, "admin")


@dataclass(frozen=True)
class Site:
    """The cluster, and who signed its certificates."""

    snowlight: Snowlight
    authority: Authority
    files: dict[str, TlsSettings]
    """By service."""

    def renew(self, service: str) -> int:
        """Put a new certificate where the service's lies. Returns its number."""
        folder = self.files[service].certificate
        assert folder is not None
        issued = self.authority.issue(f"{service}.snowlight")
        issued.write(folder.parent, self.authority.pem)
        return issued.serial

    def log(self, service: str) -> str:
        return self.snowlight.processes[service].log.read_text(errors="replace")

    async def shown(self, service: str) -> int:
        """The number of the certificate that a service shows to whoever connects now."""
        files = self.files["admin"]
        assert files.certificate is not None
        context = ssl.create_default_context(cafile=str(files.ca))
        context.load_cert_chain(files.certificate, files.key)
        context.set_alpn_protocols(["h2"])
        host, _, port = self.snowlight.addresses[service].rpartition(":")
        _, writer = await asyncio.open_connection(host, int(port), ssl=context)
        try:
            der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        finally:
            writer.close()
        return x509.load_der_x509_certificate(der).serial_number


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    authority = Authority()
    files = {
        name: authority.issue(f"{name}.snowlight").write(tmp_path / "tls" / name, authority.pem)
        for name in NAMED
    }
    own = {service: environment(files[service]) for service in SERVICES}
    settings = {"SNOWLIGHT_STORE_URL": f"file://{tmp_path}/footage", **environment(files["admin"])}
    async with run_separate(tmp_path / "separate", {}, settings, own) as snowlight:
        yield Site(snowlight, authority, files)


async def test_everything_works_over_certificates_nothing_without_and_they_are_renewed(
    site: Site, tmp_path: Path
) -> None:
    password = await add_duty_officer(site.snowlight)
    async with AsyncExitStack() as stack:
        (source,) = await stack.enter_async_context(run_village(tmp_path, 1))
        person = await stack.enter_async_context(signed_in(site.snowlight.url, USERNAME, password))
        since_ms = now_ms()
        await person.create_camera(CAMERA.removeprefix("cameras/"), source.url)
        await person.wait_online(CAMERA)
        await expect_live(person, CAMERA, source.stream)
        await person.wait_recorded(CAMERA, since_ms)

        await strangers_and_thieves_are_refused(site)

        for service in ("auth", "ingest", "storage"):
            number = site.renew(service)
            assert await site.shown(service) == number
        site.renew("gateway")
        await expect_live(person, CAMERA, source.stream)
        await stack.enter_async_context(signed_in(site.snowlight.url, USERNAME, password))

        async def all_renewed() -> bool:
            return all('"tls.renewed"' in site.log(service) for service in SERVICES)

        await eventually(all_renewed)
        await site.snowlight.administer("list-regions")

        await the_authority_is_replaced(site, password)
        await expect_live(person, CAMERA, source.stream)


async def the_authority_is_replaced(site: Site, password: str) -> None:
    """In the three steps of docs/operations.md, after each of which everybody reaches everybody."""
    old, new = site.authority, Authority("Snowlight tests, later")
    for signer, trusted in ((old, old.pem + new.pem), (new, old.pem + new.pem), (new, new.pem)):
        for name in NAMED:
            folder = site.files[name].certificate
            assert folder is not None
            signer.issue(f"{name}.snowlight").write(folder.parent, trusted)
        await site.snowlight.administer("list-regions")
        await site.snowlight.administer("list-stores")
        async with signed_in(site.snowlight.url, USERNAME, password) as person:
            assert (await person.send("GET", f"/v1/{CAMERA}/status"))["state"] == "ONLINE"


async def strangers_and_thieves_are_refused(site: Site) -> None:
    """The cluster key is in all of their hands."""
    settings = ClusterSettings(cluster_key=SecretStr(site.snowlight.environment["SNOWLIGHT_CLUSTER_KEY"]))
    tokens = build_runtime("ingest", settings).tokens
    stranger = Authority().issue("ingest.snowlight").write(site.snowlight.data_dir, site.authority.pem)
    address = site.snowlight.addresses["storage"]
    for tls, refusal in (
        (TlsSettings(), UnavailableError),
        (stranger, UnavailableError),
        (site.files["gateway"], UnauthenticatedError),
    ):
        async with open_channel(address, tokens, tls) as channel:
            with pytest.raises(refusal), remote_errors("services/storage"):
                await open_epoch(channel)


async def open_epoch(channel: grpc.aio.Channel) -> None:
    """What ingest alone may do."""
    storage: storage_pb2_grpc.StorageAsyncStub = storage_pb2_grpc.StorageStub(channel)
    await storage.OpenEpoch(storage_pb2.OpenEpochRequest(shard=0, epoch=9, from_ms=1), timeout=10)
