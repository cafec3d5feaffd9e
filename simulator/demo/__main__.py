"""`python -m simulator.demo`: the village and the cluster in the foreground, until SIGINT or SIGTERM.

Everything is kept below the data folder, so that the next start goes on with the footage of this one.
"""

import argparse
import asyncio
import csv
import json
import os
import secrets
import signal
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import uvloop

from simulator.demo.bureau import enrol_bureau
from simulator.demo.certificates import Certificates, keep_certificates
from simulator.demo.cluster import Cluster
from simulator.demo.enrolment import sign_in
from simulator.ports import free_port, is_free
from simulator.regions import lineage
from simulator.village import Village, serve_village

COUNTY = "421381"
USERNAME = "demo"
_READY_TIMEOUT_S = 120.0


def main() -> None:
    """Run the demo; exits 1 with a sentence when it cannot."""
    parser = argparse.ArgumentParser(prog="python -m simulator.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="of the console (%(default)s)")
    parser.add_argument("--cameras", type=int, default=6, help="(%(default)s)")
    parser.add_argument("--data", type=Path, default=Path("var"), help="folder it keeps (%(default)s)")
    arguments = parser.parse_args()
    if not 1 <= arguments.cameras <= 1000:
        parser.error("--cameras must be 1 to 1000")
    data: Path = arguments.data
    announcement = data / "demo.json"
    try:
        data.mkdir(parents=True, exist_ok=True)
        announcement.unlink(missing_ok=True)
        uvloop.run(_run(arguments.port, arguments.cameras, data, announcement))
    except (RuntimeError, TimeoutError, OSError) as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(1)


async def _run(port: int, cameras: int, data: Path, announcement: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    print(
        "Starting the village and the cluster; drawing the pictures takes a while the first time ...",
        flush=True,
    )
    async with AsyncExitStack() as stack:
        village = await stack.enter_async_context(
            serve_village(cameras, data / "village", county=COUNTY, port=_kept_port(data, "rtsp-port"))
        )
        certificates = keep_certificates((data / "access").absolute())
        cluster = Cluster(data, port, _kept_port(data, "access-port"), certificates)
        process = await stack.enter_async_context(cluster.running())
        ended = asyncio.create_task(process.wait())
        stopped = asyncio.create_task(stop.wait())
        opened = asyncio.create_task(_open(cluster, village, certificates, data, announcement))
        stack.callback(announcement.unlink, missing_ok=True)
        await asyncio.wait((ended, stopped, opened), return_when=asyncio.FIRST_COMPLETED)
        if opened.done():
            opened.result()
            await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        if ended.done() and not stopped.done():
            raise RuntimeError(f"the cluster ended by itself with {process.returncode}; its log is above")
        print("\nStopping ...", flush=True)


async def _open(
    cluster: Cluster, village: Village, certificates: Certificates, data: Path, announcement: Path
) -> None:
    """Bring everything to where a person can sign in, and say so."""
    await _wait_ready(cluster)
    # A camera registered before its picture is drawn would be found offline, and tried again only later.
    await village.server.encoded()
    password = _password(data)
    await _import_regions(cluster, village, data)
    await cluster.administer(
        "create-operator",
        *("--username", USERNAME, "--display-name", "演示值班员", "--line", "government", "--role", "admin"),
        *("--scope", f"regions/{COUNTY}", "--password-file", data / "password", "--if-missing"),
    )
    urls = [village.url(camera) for camera in village.cameras]
    async with sign_in(cluster.url, USERNAME, password) as console, asyncio.TaskGroup() as group:
        group.create_task(enrol_bureau(cluster, certificates, COUNTY))
        names = await console.enrol(village.cameras, urls)
    content = {
        "url": cluster.url,
        "username": USERNAME,
        "password": password,
        "cameras": names,
        "rtsp": urls,
        "access": {
            "address": cluster.access_address,
            "ca": str(certificates.authority),
            "certificate": str(certificates.client.certificate),
            "key": str(certificates.client.key),
        },
    }
    _write_private(announcement, json.dumps(content, ensure_ascii=False, indent=1))
    print(
        f"Console:  {cluster.url}/\nUsername: {USERNAME}\nPassword: {password}\nCtrl-C ends it.", flush=True
    )


async def _wait_ready(cluster: Cluster) -> None:
    deadline = time.monotonic() + _READY_TIMEOUT_S
    waiting_for = "the cluster"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as http:
        while time.monotonic() < deadline:
            try:
                async with http.get(cluster.readiness_url) as response:
                    if response.ok:
                        return
                    waiting_for = ", ".join((await response.json())["waiting_for"])
            except (aiohttp.ClientError, TimeoutError):
                pass
            await asyncio.sleep(0.1)
    raise TimeoutError(f"not ready within {_READY_TIMEOUT_S:.0f} s; still waiting for {waiting_for}")


async def _import_regions(cluster: Cluster, village: Village, data: Path) -> None:
    file = data / "regions.csv"
    with file.open("w", newline="", encoding="utf-8") as output:
        writer = csv.writer(output)
        writer.writerow(("code", "parent", "level", "display_name"))
        for region in lineage(frozenset(camera.region.code for camera in village.cameras)):
            writer.writerow((region.code, region.parent, region.level, region.name))
    await cluster.administer("import-regions", file, "--if-missing")


def _kept_port(data: Path, name: str) -> int:
    """The same at each start while it is free, so that cameras keep their URLs, and clients their address."""
    file = data / name
    if not (file.exists() and is_free(int(file.read_text()))):
        file.write_text(str(free_port()))
    return int(file.read_text())


def _password(data: Path) -> str:
    file = data / "password"
    if not file.exists():
        _write_private(file, secrets.token_urlsafe(9))
    return file.read_text().strip()


def _write_private(file: Path, text: str) -> None:
    """Only the owner may read it, and a reader never sees half of it."""
    partial = file.with_name(f".{file.name}.partial")
    with os.fdopen(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as output:
        output.write(text)
    partial.replace(file)


if __name__ == "__main__":
    main()
