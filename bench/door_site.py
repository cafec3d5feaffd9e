"""A gateway whose door is open, and a bureau with a certificate to come to it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
from joserfc import jws
from joserfc.jwk import ECKey

from bench.servers import CLUSTER_KEY, Cluster, cluster
from simulator.ports import free_port
from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc, client_pb2, client_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.rpc.channel import open_channel
from tests.parts.certificates import Authority, Issued

LARGEST_MESSAGE = 16 << 20
COUNTY = "regions/421381"


@dataclass(frozen=True)
class Door:
    """Where it is, and who may come."""

    site: Cluster
    address: str
    authority: bytes
    issued: Issued

    def connect(self) -> grpc.aio.Channel:
        """A connection of the bureau's, of its own."""
        credentials = grpc.ssl_channel_credentials(self.authority, self.issued.key, self.issued.certificate)
        options = (
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.max_receive_message_length", LARGEST_MESSAGE),
        )
        return grpc.aio.secure_channel(self.address, credentials, options=options)

    def officer(self) -> tuple[tuple[str, str], ...]:
        """Metadata that names one."""
        now = int(time.time())
        said = {"aud": "snowlight", "sub": "1", "unit": "bench", "incident": "2026", "iat": now}
        key = ECKey.import_key(self.issued.key)
        header = {"alg": "ES256", "typ": "officer+jwt"}
        text = json.dumps(said | {"exp": now + 300}).encode()
        return (("snowlight-officer", jws.serialize_compact(header, text, key)),)


@contextmanager
def open_door(folder: Path) -> Iterator[Door]:
    """The four services, and a bureau that auth knows."""
    authority = Authority("Public security")
    tls = authority.issue().write(folder / "door", authority.pem)
    issued = authority.issue()
    address = f"127.0.0.1:{free_port()}"
    settings = {
        "SNOWLIGHT_ACCESS_LISTEN": address,
        "SNOWLIGHT_ACCESS_CERTIFICATE": str(tls.certificate),
        "SNOWLIGHT_ACCESS_KEY": str(tls.key),
        "SNOWLIGHT_ACCESS_CLIENT_CA": str(tls.ca),
    }
    with cluster(folder, auth_pb2.VIEWER, settings) as site:
        asyncio.run(_enrol(site.addresses["auth"], issued))
        yield Door(site, address, authority.pem, issued)


async def _enrol(auth_address: str, issued: Issued) -> None:
    tokens = ServiceTokens(ClusterKey(CLUSTER_KEY), "admin", SystemClock())
    async with open_channel(auth_address, tokens, TlsSettings()) as channel:
        directory: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)
        clients: client_pb2_grpc.ClientsAsyncStub = client_pb2_grpc.ClientsStub(channel)
        bureau = auth_pb2.Principal(
            username="bureau",
            line=auth_pb2.POLICE,
            roles=[auth_pb2.VIEWER],
            scope=COUNTY,
            kind=auth_pb2.SYSTEM,
            organisation="County police",
        )
        made = await directory.CreatePrincipal(auth_pb2.CreatePrincipalRequest(principal=bureau))
        await clients.CreateClient(
            client_pb2.CreateClientRequest(
                display_name="bureau", principal=made.name, certificates=[issued.certificate]
            )
        )
