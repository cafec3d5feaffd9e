"""Tickets: checked at a gateway, issued by auth on PostgreSQL, and revoked at many gateways.

    python -m bench tickets [check] [issue] [revoke] [--seconds 10]

Auth is a process of its own, pinned to a core and accounted for by the operating system; so is PostgreSQL,
which keeps its data (fsync on). Both share the machine with the callers.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from joserfc.jwk import KeySet, OKPKey

from bench.auth_cluster import AuthUnderTest, run_auth_process
from bench.processes import usage
from services.gateway.peers import Peers
from services.gateway.viewing.desk import TicketDesk
from services.gateway.viewing.renewal import Renewals
from snowlight.access import jwt
from snowlight.access.keys import PublicKeys
from snowlight.access.revocation_feed import follow_revocations
from snowlight.access.revocations import Revocation, Revocations
from snowlight.access.token import TICKET_AUDIENCE, TICKET_TYP, TokenVerifier
from snowlight.api.auth.v1 import auth_pb2, revocation_pb2
from snowlight.clock import SystemClock
from tests.parts.postgres import find_postgres, run_postgres

PARTS = ("check", "issue", "revoke")
TICKETS = 20_000
GATEWAYS = 50


def main() -> None:
    """Run what is named, or all."""
    parser = argparse.ArgumentParser(prog="bench tickets", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"{', '.join(PARTS)}; left out, all")
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    what = options.what or PARTS
    if unknown := set(what) - set(PARTS):
        parser.error(f"there is no {' and no '.join(sorted(unknown))}")
    if "check" in what:
        asyncio.run(_check())
    if "issue" in what:
        asyncio.run(_issue(options.seconds))
    if "revoke" in what:
        asyncio.run(_revoke())


async def _check() -> None:
    """A gateway with 20,000 tickets in use, some thousand of everything revoked."""
    key = OKPKey.generate_key("Ed25519", parameters={"kid": "bench"})
    clock = SystemClock()

    async def fetch() -> str:
        return json.dumps(KeySet([key]).as_dict(private=False))

    revocations = Revocations(clock)
    for number in range(5_000):
        kind = revocation_pb2.RevocationKind.Value(("SESSION", "TICKET", "PRINCIPAL", "CAMERA")[number % 4])
        revocations.add(Revocation(number + 1, kind, secrets.token_urlsafe(12), clock.now_ms()))
    revocations.heard(5_000)
    renewals = Renewals(cast(Peers, None), revocations, clock)  # nothing has to be asked
    desk = TicketDesk(
        TokenVerifier(PublicKeys(fetch, clock), clock), revocations, renewals, clock, capacity=50_000
    )
    now_s = clock.now_ms() // 1000
    tokens = [
        jwt.encode(
            {
                "iss": jwt.AUTH_ISSUER,
                "aud": TICKET_AUDIENCE,
                "sub": f"principals/{number}",
                "cam": secrets.token_hex(8),
                "act": "live",
                "jti": secrets.token_urlsafe(12),
                "sid": secrets.token_urlsafe(12),
                "iat": now_s,
                "exp": now_s + 43_200,
            },
            key,
            algorithm=jwt.SIGNATURE,
            typ=TICKET_TYP,
        )
        for number in range(TICKETS)
    ]
    cold = []
    for token in tokens:
        started = time.perf_counter_ns()
        await desk.open(token)
        cold.append(time.perf_counter_ns() - started)
    warm = []
    for _ in range(5):
        # As from the wire: another string each time, whose hash nobody has taken yet.
        shown = [("x" + token)[1:] for token in tokens]
        started = time.perf_counter_ns()
        for token in shown:
            assert desk.warm(token) is not None
        warm.append((time.perf_counter_ns() - started) / len(shown))
    uses = [desk.warm(token) for token in tokens]
    started = time.perf_counter_ns()
    for use in uses:
        assert use is not None
        desk.admit(use, "192.0.2.7", "player")
    first_ns = (time.perf_counter_ns() - started) / len(uses)
    started = time.perf_counter_ns()
    for use in uses:
        assert use is not None
        desk.admit(use, "192.0.2.7", "player")
    again_ns = (time.perf_counter_ns() - started) / len(uses)
    revocations.add(Revocation(5_001, revocation_pb2.TICKET, "another", clock.now_ms()))
    started = time.perf_counter_ns()
    for use in uses:
        assert use is not None
        await desk.settle(use)
    settle_ns = (time.perf_counter_ns() - started) / len(uses)
    cold.sort()
    print(f"check, {TICKETS} tickets in use")
    print(f"  warm                     {statistics.median(warm) / 1000:8.2f} us")
    print(f"  cold, median             {cold[len(cold) // 2] / 1000:8.1f} us")
    print(f"  cold, p99                {cold[len(cold) * 99 // 100] / 1000:8.1f} us")
    print(f"  viewer counted, new      {first_ns / 1000:8.2f} us")
    print(f"  viewer counted, known    {again_ns / 1000:8.2f} us")
    print(f"  after a revocation       {settle_ns / 1000:8.2f} us")


async def _issue(seconds: float) -> None:
    async with _auth() as auth:
        for batch in (1, 50, 200):
            for parallel in (64,) if batch == 1 else (4,):
                count, wall, cpu = await _ask_for(auth, batch, parallel, seconds)
                print(
                    f"issue, {batch:>3} a call, {parallel:>2} calls at once: {count / wall:8.0f}/s measured, "
                    f"auth at {100 * cpu / wall:5.1f} % of a core: {count / cpu:8.0f}/s on one core"
                )


async def _ask_for(
    auth: AuthUnderTest, batch: int, parallel: int, seconds: float
) -> tuple[int, float, float]:
    """Tickets, wall seconds and auth's CPU seconds."""
    done = 0
    ends = time.monotonic() + seconds + 1

    async def caller(number: int) -> None:
        nonlocal done
        index = number
        while time.monotonic() < ends:
            token = auth.tokens[index % len(auth.tokens)]
            if batch == 1:
                uid = auth.cameras[index * 7 % len(auth.cameras)]
                await auth.access.CreateTicket(
                    auth_pb2.CreateTicketRequest(access_token=token, camera_uid=uid, action="live")
                )
            else:
                wanted = [
                    auth_pb2.CreateTicketRequest(
                        camera_uid=auth.cameras[(index + offset) % len(auth.cameras)], action="live"
                    )
                    for offset in range(batch)
                ]
                answer = await auth.access.BatchCreateTickets(
                    auth_pb2.BatchCreateTicketsRequest(access_token=token, requests=wanted)
                )
                assert all(result.HasField("ticket") for result in answer.results)
            done += batch
            index += parallel

    callers = [asyncio.create_task(caller(number)) for number in range(parallel)]
    await asyncio.sleep(1)
    before, count, started = usage([auth.pid]), done, time.monotonic()
    await asyncio.sleep(seconds - 0.5)
    after, counted, wall = usage([auth.pid]), done - count, time.monotonic() - started
    await asyncio.gather(*callers)
    return counted, wall, after.cpu_s - before.cpu_s


async def _revoke() -> None:
    """From the answer of `Revoke` to the last of 50 gateways."""
    async with _auth() as auth:
        gateways = [Revocations(SystemClock()) for _ in range(GATEWAYS)]
        async with asyncio.TaskGroup() as group:
            following = [
                group.create_task(follow_revocations(stub, gateway))
                for stub, gateway in zip(auth.revocations(GATEWAYS), gateways, strict=True)
            ]
            for gateway in gateways:
                assert await gateway.known(timeout_s=20)
            took: list[float] = []
            for _ in range(200):
                started = time.monotonic()
                request = revocation_pb2.RevokeRequest(
                    kind=revocation_pb2.TICKET,
                    subject=secrets.token_urlsafe(12),
                    reason="bench",
                    ordered_by="bench",
                )
                revoked = await auth.administration.Revoke(request)
                await asyncio.gather(*(_reaches(gateway, revoked.sequence) for gateway in gateways))
                took.append(time.monotonic() - started)
            for task in following:
                task.cancel()
        print(_row("revoke, asked to known at all 50 gateways", took))


async def _reaches(gateway: Revocations, sequence: int) -> None:
    while gateway.sequence < sequence:
        await gateway.news()


def _row(name: str, took: Sequence[float]) -> str:
    ordered = sorted(took)
    median, p99 = ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100]
    return f"{name}: median {1000 * median:.1f} ms, p99 {1000 * p99:.1f} ms, most {1000 * ordered[-1]:.1f} ms"


@asynccontextmanager
async def _auth() -> AsyncIterator[AuthUnderTest]:
    with tempfile.TemporaryDirectory() as folder, run_postgres(find_postgres(), durable=True) as server:
        url = server.url(await server.create_database())
        async with run_auth_process(Path(folder), url) as auth:
            yield auth
