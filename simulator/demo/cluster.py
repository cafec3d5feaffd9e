"""The cluster as a child process, run as an operator would: environment, signals, exit code."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from simulator.demo.certificates import Certificates
from simulator.ports import free_ports

_STOP_TIMEOUT_S = 30.0
_PR_SET_PDEATHSIG = 1  # prctl(2)


class Cluster:
    """`snowlight all` with everything it keeps below `data_dir`."""

    def __init__(self, data_dir: Path, port: int, access_port: int, certificates: Certificates) -> None:
        """`access_port`: of the door for public-security systems."""
        self.access_address = f"127.0.0.1:{access_port}"
        self.url = f"http://127.0.0.1:{port}"
        auth, ingest, storage, admin = free_ports(4)
        self._admin = f"127.0.0.1:{admin}"
        self._environment = {
            **os.environ,
            "SNOWLIGHT_DATA_DIR": str(data_dir),
            "SNOWLIGHT_LOG_LEVEL": "warning",
            "SNOWLIGHT_GATEWAY_LISTEN": f"127.0.0.1:{port}",
            "SNOWLIGHT_AUTH_ADDRESS": f"127.0.0.1:{auth}",
            "SNOWLIGHT_INGEST_ADDRESS": f"127.0.0.1:{ingest}",
            "SNOWLIGHT_STORAGE_ADDRESS": f"127.0.0.1:{storage}",
            "SNOWLIGHT_ADMIN_LISTEN": self._admin,
            "SNOWLIGHT_ACCESS_LISTEN": self.access_address,
            "SNOWLIGHT_ACCESS_CERTIFICATE": str(certificates.server.certificate),
            "SNOWLIGHT_ACCESS_KEY": str(certificates.server.key),
            "SNOWLIGHT_ACCESS_CLIENT_CA": str(certificates.authority),
            "SNOWLIGHT_INGEST_SOURCE_NETWORKS": "127.0.0.0/8",
        }

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The child, up until the context is left. It ends with this process however that ends."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "services", "all"),
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            preexec_fn=_end_with_parent,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
                except TimeoutError:
                    process.kill()
                    await process.wait()

    async def administer(self, *arguments: str | Path, check: bool = True) -> str:
        """Run `snowlight admin` and give back what it printed. Raises RuntimeError when it fails."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "services", "admin", *map(str, arguments)),
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        if check and process.returncode:
            raise RuntimeError(f"snowlight admin {arguments[0]}: {errors.decode().strip()}")
        return output.decode()

    @property
    def readiness_url(self) -> str:
        return f"http://{self._admin}/readyz"


def _end_with_parent() -> None:
    # A SIGKILL of the demo must not leave a cluster behind that holds the ports and the spool.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
