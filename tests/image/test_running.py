"""`snowlight all` out of the installation, as in a container: an ordinary user, who writes data alone."""

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from simulator.ports import free_port
from tests.image.conftest import USER, Installation
from tests.waiting import eventually

pytestmark = pytest.mark.timeout(900)


async def test_all_services_get_ready_and_show_the_console(
    installation: Installation, data_dir: Path
) -> None:
    admin, gateway = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    environment = {
        "PATH": f"{installation.folder}/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SNOWLIGHT_DATA_DIR": str(data_dir),
        "SNOWLIGHT_ADMIN_LISTEN": admin,
        "SNOWLIGHT_GATEWAY_LISTEN": gateway,
        **{f"SNOWLIGHT_{name}_ADDRESS": f"127.0.0.1:{free_port()}" for name in ("AUTH", "STORAGE", "INGEST")},
    }
    assert await _check(installation, environment) == 1
    async with _running(installation, environment, data_dir), aiohttp.ClientSession() as http:

        async def ready() -> bool:
            return await _check(installation, environment) == 0

        await eventually(ready, timeout_s=120)
        async with http.get(f"http://{gateway}/", headers={"Accept": "text/html"}) as page:
            assert page.status == 200
            assert "/assets/" in await page.text()
    assert (data_dir / "auth.db").exists()


async def _check(installation: Installation, environment: dict[str, str]) -> int | None:
    """The image's health check."""
    child = await asyncio.create_subprocess_exec(
        *(installation.python, installation.folder / "bin" / "ready.py"),
        env=environment,
        stderr=asyncio.subprocess.DEVNULL,
    )
    return await child.wait()


@asynccontextmanager
async def _running(
    installation: Installation, environment: dict[str, str], folder: Path
) -> AsyncIterator[None]:
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(installation.folder / "bin" / "snowlight", "all"),
            cwd=folder,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **_ordinary_user(installation),
        )
    try:
        yield
        process.terminate()
        async with asyncio.timeout(60):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        print((folder / "log").read_text()[-3000:])


def _ordinary_user(installation: Installation) -> dict[str, Any]:
    """Where root runs the tests: arguments to be the image's user, if that one may read Python."""
    if os.geteuid() != 0:
        return {}
    owner: dict[str, Any] = {"user": USER, "group": USER, "extra_groups": []}
    try:
        command = (installation.python, "-c", "import services")
        subprocess.run(command, check=True, stderr=subprocess.DEVNULL, **owner)
    except (PermissionError, subprocess.CalledProcessError):
        pytest.skip(f"user {USER} may not read {installation.python.resolve()}")
    return owner


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder of the image's user."""
    with tempfile.TemporaryDirectory(prefix="snowlight-image-data-") as name:
        if os.geteuid() == 0:
            os.chown(name, USER, USER)
        yield Path(name)
