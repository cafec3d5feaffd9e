"""Pages of a large audit: `make bench ARGS=audit`, `make bench ARGS="audit --records 1000000"`.

Records of three years lie in PostgreSQL, of 28,500 cameras in four counties; `/v1/audit` is asked for pages
of 100 over HTTP, through a gateway and an auth in this process, as an auditor of each level asks. PostgreSQL
is set up to keep its data and shares the machine. CPU is PostgreSQL's and this process's, which asks too.
Before that: how fast records are added, each in its own transaction, and linked. Filling is not measured.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import asyncpg  # type: ignore[import-untyped]
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from bench.processes import usage
from services.auth.app import MIGRATIONS, run_auth
from services.auth.audit.chain import DAY_MS, day_of
from services.auth.audit.heads import HeadSigner
from services.auth.audit.linking import Linker
from services.auth.audit.metrics import AuditMetrics
from services.auth.audit.months import Month, Months
from services.auth.audit.places import Places
from services.auth.config import AuthSettings
from services.auth.repository import audit
from services.gateway.app import run_gateway
from services.gateway.config import GatewaySettings
from simulator.ports import free_port
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.clock import SystemClock
from snowlight.config import ClusterSettings
from snowlight.database import open_database
from snowlight.observability.logs import configure_logs
from snowlight.runtime import Runtime, build_runtime
from tests.parts.postgres import find_postgres, run_postgres
from tests.rpc.auth.audit_log import record

DAYS = 1090
PASSWORD = "a password for benchmarks"
ADDED = 5_000
AT_ONCE = 16

_VILLAGE = "n * 104729 % 28500 % 2000"
_COUNTY = "'37132' || v / 500"
_TOWN = f"{_COUNTY} || lpad((v / 25 % 20)::text, 3, '0')"
_RECORDS = f"""
    INSERT INTO audit_records (time_ms, event, principal, organisation, line, tier, scope, acting_person,
        acting_unit, action, camera_uid, window_start_ms, window_end_ms, purpose, allowed, reason, policies,
        remote_address, ticket_id, watched_s, watched_bytes, detail, region)
    SELECT $1::bigint + n * $3::bigint / $2, CASE WHEN n % 3 = 0 THEN 'view' ELSE 'decision' END,
        'principals/' || lpad(to_hex(n * 7919 % 5000), 16, '0'), '县公安局', 'police', 3, '371326', '', '',
        CASE WHEN n % 1009 = 0 THEN 'export' WHEN n % 11 = 0 THEN 'playback' ELSE 'live' END,
        'camera-' || n * 104729 % 28500, NULL, NULL, '', true, 'auth.role_viewer', '["town-live"]',
        '10.1.2.3', md5(n::text), 60, 15000000, '', {_TOWN} || lpad((v % 25)::text, 3, '0')
    FROM (SELECT n, {_VILLAGE} AS v FROM generate_series(0, $2::bigint - 1) AS n) AS numbered
"""
_LINKS = """
    INSERT INTO audit_links SELECT time_ms / 86400000,
        row_number() OVER (PARTITION BY time_ms / 86400000 ORDER BY record_id), sha256(int8send(record_id)),
        record_id, time_ms, principal, action, camera_uid,
        concat_ws('/', '3713', substr(region, 1, 6), substr(region, 1, 9), region, ''),
        substr(region, 1, 6), substr(region, 1, 9), region
    FROM audit_records WHERE time_ms >= $1 AND time_ms < $2
"""
PREFECTURE, COUNTY, OTHER_COUNTY = "3713", "371321", "371323"
TOWN, VILLAGE = "371321010", "371322000000"
ONE_CAMERA = "camera-1000"
"""It is in that village."""
ONE_PERSON = f"principals/{7:016x}"


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(prog="bench audit", description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--requests", type=int, default=200, help="of each kind")
    arguments = parser.parse_args()
    configure_logs("error")  # three years of days are sealed at once
    with (
        run_postgres(find_postgres(), durable=True) as server,
        tempfile.TemporaryDirectory(prefix="snowlight-bench-") as scratch,
    ):
        url = server.url(asyncio.run(server.create_database()))
        asyncio.run(_measure(url, server.port, Path(scratch), arguments.records, arguments.requests))


async def _measure(url: str, port: int, scratch: Path, records: int, requests: int) -> None:
    await _add_and_link(url)
    began = time.monotonic()
    await _fill(url, records)
    print(f"filled with {records:,} records in {time.monotonic() - began:.0f} s\n", flush=True)
    async with _site(url, scratch) as (http, tokens):
        print(f"{'page of 100':<44}{'records':>8}{'CPU ms':>9}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}")
        for name, username, query in _questions():
            await _ask(http, port, name, tokens[username], query, requests)


def _questions() -> Sequence[tuple[str, str, str]]:
    middle = "2025-06-01T00:00:00Z"
    return (
        ("newest, prefecture", PREFECTURE, ""),
        ("newest, county", COUNTY, ""),
        ("newest, town", TOWN, ""),
        ("newest, village", VILLAGE, ""),
        ("from the middle, prefecture", PREFECTURE, f"end={middle}"),
        ("from the middle, village", VILLAGE, f"end={middle}"),
        ("one camera, prefecture", PREFECTURE, f"camera={ONE_CAMERA}"),
        ("one camera, its village", VILLAGE, f"camera={ONE_CAMERA}"),
        ("one camera, a county without it", OTHER_COUNTY, f"camera={ONE_CAMERA}"),
        ("one person, prefecture", PREFECTURE, f"principal={ONE_PERSON}"),
        ("one person, one village", VILLAGE, f"principal={ONE_PERSON}"),
        ("exports, prefecture", PREFECTURE, "action=export"),
        ("exports, one village", VILLAGE, "action=export"),
        ("exports by one person", PREFECTURE, f"action=export&principal={ONE_PERSON}"),
        ("an action that never was", PREFECTURE, "action=ptz"),
        ("live, one day", PREFECTURE, "action=live&start=2025-06-01T00:00:00Z&end=2025-06-02T00:00:00Z"),
    )


async def _ask(
    http: aiohttp.ClientSession, port: int, name: str, token: str, query: str, requests: int
) -> None:
    times: list[float] = []
    count, page_token, cpu_s = 0, "", 0.0
    for number in range(requests + 5):
        path = f"/v1/audit?{query}" + (f"&page_token={page_token}" if page_token else "")
        if number == 5:
            cpu_s = _cpu_s(port)
        began = time.monotonic()
        async with http.get(path, headers={"Authorization": f"Bearer {token}"}) as response:
            assert response.status == 200, await response.text()
            answer = await response.json()
        if number >= 5:  # the first few warm up
            times.append((time.monotonic() - began) * 1000)
        count = max(count, len(answer["records"]))
        page_token = answer["next_page_token"]
    cpu_ms = (_cpu_s(port) - cpu_s) / requests * 1000
    times.sort()
    p99 = times[int(len(times) * 0.99)]
    print(
        f"{name:<44}{count:>8}{cpu_ms:>9.1f}{statistics.median(times):>9.1f}{p99:>9.1f}{times[-1]:>9.1f}",
        flush=True,
    )


async def _add_and_link(url: str) -> None:
    clock = SystemClock()
    async with open_database(url, service="auth", migrations=MIGRATIONS) as database:
        runtime_key = build_runtime("bench", ClusterSettings(cluster_key=SecretStr("a" * 40))).key
        await Months(database, HeadSigner(runtime_key), 1095, clock).make_ahead()

        async def add(count: int) -> None:
            for _ in range(count):
                async with database.write() as connection:
                    await audit.add(connection, record(clock.now_ms()))

        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(add(ADDED // AT_ONCE))
        added = time.monotonic() - began
        linker = Linker(database, Places(), clock, AuditMetrics(CollectorRegistry()))
        cpu, began = time.process_time(), time.monotonic()
        await linker.link_all()
        linked, cpu = time.monotonic() - began, time.process_time() - cpu
    print(f"added:  {ADDED / added:,.0f} records a second, each in its transaction, {AT_ONCE} at once")
    print(f"linked: {ADDED / linked:,.0f} records a second, {cpu / ADDED * 1e6:.0f} us of this process each")


async def _fill(url: str, records: int) -> None:
    """Month by month, as records would have come."""
    clock = SystemClock()
    first_day = day_of(clock.now_ms()) - DAYS
    async with open_database(url, service="auth", migrations=MIGRATIONS) as database:
        key = build_runtime("bench", ClusterSettings(cluster_key=SecretStr("a" * 40))).key
        months = Months(database, HeadSigner(key), 1095, clock)
        month = Month.of(first_day * DAY_MS)
        while month.start_ms < clock.now_ms():
            await months.make(month)
            month = month.next
    connection = await asyncpg.connect(url.replace("+asyncpg", ""), command_timeout=3600)
    try:
        await connection.execute("SET session_replication_role = replica")  # they are linked here already
        await connection.execute("TRUNCATE audit_unlinked, audit_records, audit_links")
        for day in range(first_day, first_day + DAYS, 10):
            begin, length = day * DAY_MS, 10 * DAY_MS
            await connection.execute(_RECORDS, begin, records * 10 // DAYS, length)
            await connection.execute(_LINKS, begin, begin + length)
        await connection.execute("VACUUM ANALYZE audit_records")
        await connection.execute("VACUUM ANALYZE audit_links")
    finally:
        await connection.close()


def _cpu_s(port: int) -> float:
    """CPU of this process, which asks as well, and of PostgreSQL with all its backends."""
    parents: dict[int, int] = {}
    server = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if f"-p\0{port}\0".encode() in (folder / "cmdline").read_bytes():
                server = int(folder.name)
        except (FileNotFoundError, ProcessLookupError):
            continue
    pids = [pid for pid, parent in parents.items() if server in (pid, parent)]
    return time.process_time() + usage(pids).cpu_s


@asynccontextmanager
async def _site(url: str, scratch: Path) -> AsyncIterator[tuple[aiohttp.ClientSession, dict[str, str]]]:
    """Auth and a gateway, and the access tokens of auditors by their scopes."""
    cluster = ClusterSettings(
        data_dir=scratch,
        auth_address=f"127.0.0.1:{free_port()}",
        ingest_address=f"127.0.0.1:{free_port()}",
        storage_address=f"127.0.0.1:{free_port()}",
        drain_seconds=0.2,
    )
    runtime = build_runtime("all", cluster, create_key=True)
    port = free_port()
    async with AsyncExitStack() as stack:
        auth = AuthSettings(listen=cluster.auth_address, database_url=url)
        await stack.enter_async_context(run_auth(_part(runtime, "auth"), auth))
        gateway = GatewaySettings(listen=f"127.0.0.1:{port}")
        await stack.enter_async_context(run_gateway(_part(runtime, "gateway"), gateway))
        channel = await stack.enter_async_context(runtime.named("admin").channel(cluster.auth_address))
        scopes = (PREFECTURE, COUNTY, OTHER_COUNTY, TOWN, VILLAGE)
        await _add_people(auth_pb2_grpc.DirectoryStub(channel), scopes)
        http = await stack.enter_async_context(aiohttp.ClientSession(f"http://127.0.0.1:{port}"))
        tokens: dict[str, str] = {}
        for scope in scopes:
            form = {"grant_type": "password", "username": f"auditor.{scope}", "password": PASSWORD}
            async with http.post("/v1/token", data=form) as response:
                tokens[scope] = (await response.json())["access_token"]
        yield http, tokens


def _part(runtime: Runtime, service: str) -> Runtime:
    return replace(runtime.named(service), registry=CollectorRegistry())


async def _add_people(directory: "auth_pb2_grpc.DirectoryAsyncStub", scopes: Sequence[str]) -> None:
    regions = (
        (PREFECTURE, auth_pb2.PREFECTURE),
        *((f"37132{county}", auth_pb2.COUNTY) for county in range(4)),
        (TOWN, auth_pb2.TOWN),
        (VILLAGE[:9], auth_pb2.TOWN),
        (VILLAGE, auth_pb2.VILLAGE),
    )
    for code, level in regions:
        region = auth_pb2.Region(name=f"regions/{code}", level=level, display_name=code)
        await directory.CreateRegion(auth_pb2.CreateRegionRequest(region=region))
    for scope in scopes:
        principal = auth_pb2.Principal(
            username=f"auditor.{scope}",
            line=auth_pb2.GOVERNMENT,
            roles=[auth_pb2.AUDITOR],
            scope=f"regions/{scope}",
        )
        await directory.CreatePrincipal(
            auth_pb2.CreatePrincipalRequest(principal=principal, password=PASSWORD)
        )


if __name__ == "__main__":
    main()
