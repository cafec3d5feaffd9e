"""Signing keys are replaced and no token fails; they may come from a file."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from pydantic import SecretStr

from services.auth.key_file import read_key_file
from simulator.ports import free_port
from snowlight.access import jwt
from snowlight.access.keys import PublicKeys
from snowlight.access.token import TokenVerifier
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings
from snowlight.errors import FailedPreconditionError
from snowlight.rpc.status import remote_errors
from snowlight.runtime import build_runtime
from tests.parts.callers import permitted_channel
from tests.parts.clock import MovableClock
from tests.parts.password import PASSWORD
from tests.parts.snowlight import Process
from tests.rpc.auth.cluster import Auth, auth_of, runtime_for, serve_registry
from tests.rpc.auth.registry import Registry
from tests.waiting import eventually

PUBLISH_S = 10  # the least: processes look for new keys every five seconds
CLUSTER_KEY = "a cluster key that is long enough for a test"


def key_of(token: str) -> str:
    return str(jwt.read_header(token)["kid"])


async def published(auth: Auth) -> list[str]:
    keys = json.loads((await auth.tokens.GetJwks(auth_pb2.GetJwksRequest())).jwks_json)["keys"]
    return [key["kid"] for key in keys]


async def add_someone(auth: Auth) -> None:
    await auth.add_region("371326", auth_pb2.COUNTY)
    await auth.add_person("zhang.wei", auth_pb2.VIEWER, scope="371326")


async def rotate(auth: Auth) -> auth_pb2.RotateSigningKeyResponse:
    with remote_errors("services/auth"):
        return await auth.directory.RotateSigningKey(auth_pb2.RotateSigningKeyRequest())


async def test_a_new_key_is_published_before_it_signs_and_the_old_one_verifies_after_it(auth: Auth) -> None:
    await add_someone(auth)
    before = await auth.sign_in("zhang.wei")
    old = key_of(before.access_token)
    rotated = await rotate(auth)
    assert await published(auth) == [rotated.key_id, old]
    assert rotated.sign_time.seconds - auth.clock.now_ms() // 1000 in range(88, 92)
    assert key_of((await auth.sign_in("zhang.wei")).access_token) == old
    assert (await rotate(auth)).key_id == rotated.key_id, "the one that waits already"

    auth.clock.ahead_s = 91
    after = await auth.sign_in("zhang.wei")
    assert key_of(after.access_token) == rotated.key_id
    for answer in (before, after):
        assert (await auth.verifier.access_token(answer.access_token)).principal == after.principal.name

    # Housekeeping retires the old one, and once nothing that it signed can be valid, nobody is told of it.
    async def promoted() -> bool:
        return (await rotate(auth)).key_id != rotated.key_id

    await eventually(promoted)
    auth.clock.ahead_s += 14 * 3600
    assert old not in await published(auth)


async def test_no_token_fails_while_keys_rotate_under_two_processes(
    tmp_path: Path, postgres_url: str
) -> None:
    async with two_processes(tmp_path, postgres_url) as (first, second):
        directory = auth_pb2_grpc.DirectoryStub(first)
        await directory.CreateRegion(
            auth_pb2.CreateRegionRequest(
                region=auth_pb2.Region(name="regions/371326", level=auth_pb2.COUNTY, display_name="x")
            )
        )
        principal = auth_pb2.Principal(
            username="zhang.wei",
            line=auth_pb2.GOVERNMENT,
            roles=[auth_pb2.VIEWER],
            scope="regions/371326",
        )
        await directory.CreatePrincipal(
            auth_pb2.CreatePrincipalRequest(principal=principal, password=PASSWORD)
        )
        # Who verifies keeps each process's keys apart, and asks the one that did not sign.
        checks = [
            _Check(signer=first, verifier=_verifier(second)),
            _Check(signer=second, verifier=_verifier(first)),
        ]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(check.run()) for check in checks]

            async def all_signed(key_id: str) -> bool:
                return all(key_id in check.key_ids for check in checks)

            rotated = await directory.RotateSigningKey(auth_pb2.RotateSigningKeyRequest())
            await eventually(lambda: all_signed(rotated.key_id), timeout_s=60)
            for task in tasks:
                task.cancel()
        for check in checks:
            assert len(check.key_ids) == 2
            assert check.verified > 20


class _Check:
    """Has tokens signed by one process and verifies each at once; any that fails, fails the test."""

    def __init__(self, *, signer: grpc.aio.Channel, verifier: TokenVerifier) -> None:
        self._tokens: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(signer)
        self._verifier = verifier
        self.key_ids: set[str] = set()
        self.verified = 0

    async def run(self) -> None:
        request = auth_pb2.IssueTokenRequest(
            grant_type="password", username="zhang.wei", password=PASSWORD, remote_address="192.0.2.1"
        )
        kept: list[str] = []
        while True:
            token = (await self._tokens.IssueToken(request)).access_token
            self.key_ids.add(key_of(token))
            kept = [*kept[-20:], token]
            for one in kept:
                await self._verifier.access_token(one)
            self.verified += 1


@asynccontextmanager
async def two_processes(
    tmp_path: Path, postgres_url: str
) -> AsyncIterator[tuple[grpc.aio.Channel, grpc.aio.Channel]]:
    """Channels to two processes of auth that share a database."""
    cluster = ClusterSettings(data_dir=tmp_path, cluster_key=SecretStr(CLUSTER_KEY))
    runtime = build_runtime("gateway", cluster)
    processes, channels = [], []
    try:
        for number in range(2):
            address = f"127.0.0.1:{free_port()}"
            environment = {
                "SNOWLIGHT_CLUSTER_KEY": CLUSTER_KEY,
                "SNOWLIGHT_AUTH_LISTEN": address,
                "SNOWLIGHT_AUTH_DATABASE_URL": postgres_url,
                "SNOWLIGHT_AUTH_KEY_PUBLISH_SECONDS": str(PUBLISH_S),
                "SNOWLIGHT_AUTH_PASSWORD_MEMORY_KIB": "8192",
                "SNOWLIGHT_INGEST_ADDRESS": "127.0.0.1:1",
            }
            process = Process("auth", environment, tmp_path / str(number))
            process.start()
            processes.append(process)
            channels.append(permitted_channel(runtime, address))
        for channel in channels:
            await asyncio.wait_for(channel.channel_ready(), 30)
        yield channels[0], channels[1]
    finally:
        for channel in channels:
            await channel.close()
        for process in processes:
            await process.stop()


def _verifier(channel: grpc.aio.Channel) -> TokenVerifier:
    stub: auth_pb2_grpc.TokensAsyncStub = auth_pb2_grpc.TokensStub(channel)

    async def fetch() -> str:
        return (await stub.GetJwks(auth_pb2.GetJwksRequest())).jwks_json

    clock = SystemClock()
    return TokenVerifier(PublicKeys(fetch, clock), clock)


def pem(*keys: Ed25519PrivateKey) -> bytes:
    return b"".join(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in keys)


async def test_the_first_key_of_a_file_signs_and_all_of_them_are_published(
    tmp_path: Path, database_url: str
) -> None:
    first, second = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    file = tmp_path / "keys.pem"
    clock = MovableClock()

    @asynccontextmanager
    async def started() -> AsyncIterator[Auth]:
        runtime, registry = runtime_for(tmp_path, clock), Registry()  # type: ignore[abstract]
        async with (
            serve_registry(runtime, registry),
            auth_of(runtime, registry, database_url, signing_key_file=file) as auth,
        ):
            yield auth

    file.write_bytes(pem(first, second))
    async with started() as auth:
        await add_someone(auth)
        before = (await auth.sign_in("zhang.wei")).access_token
        assert key_of(before) in await published(auth)
        assert len(await published(auth)) == 2
        await auth.verifier.access_token(before)
        with pytest.raises(FailedPreconditionError, match=r"auth\.keys_from_file"):
            await rotate(auth)
    file.write_bytes(pem(second))
    async with started() as auth:
        after = (await auth.sign_in("zhang.wei")).access_token
        assert key_of(after) != key_of(before)
        for token in (before, after):  # what the first has signed goes on
            await auth.verifier.access_token(token)
        clock.ahead_s = 14 * 3600

        async def forgotten() -> bool:
            return await published(auth) == [key_of(after)]

        await eventually(forgotten)


WRONG_FILES: list[tuple[Callable[[], bytes], str]] = [
    (lambda: b"", "holds no PEM block"),
    (lambda: b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "cannot be read"),
    (
        lambda: generate_private_key(SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        ),
        "not Ed25519",
    ),
    (
        lambda: Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
        ),
        "not encrypted",
    ),
]


def test_a_wrong_key_file_is_told_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "keys.pem"
    with pytest.raises(FailedPreconditionError, match="cannot be read"):
        read_key_file(file)
    for content, problem in WRONG_FILES:
        file.write_bytes(content())
        with pytest.raises(FailedPreconditionError, match=problem) as raised:
            read_key_file(file)
        assert raised.value.code == "config.signing_key_file"
