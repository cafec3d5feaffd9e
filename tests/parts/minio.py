"""MinIO: from $MINIO_BIN, PATH, or built with Go once and kept."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from minio import Minio
from minio.error import MinioException
from pydantic import SecretStr
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from simulator.ports import free_port
from snowlight.object_store import ObjectStoreSettings
from tests.parts.go import find_go
from tests.parts.part import CACHE, PartMissingError, machine_lock, run, wait_until

MODULE = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c"
BUILD_TIMEOUT_S = 1800
_BUILT = CACHE / "minio" / "minio"


@dataclass
class MinioServer:
    """A server on 127.0.0.1 and its root credentials."""

    program: Path
    folder: Path
    """Of what it keeps."""
    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def start(self) -> None:
        """Return once it answers. Raises PartMissingError with the end of its log when it never does."""
        assert self._process is None
        environment = {
            **os.environ,
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_BROWSER": "off",
        }
        address = self.endpoint.removeprefix("http://")
        log = self.folder / "log"
        with log.open("a") as written:
            self._process = subprocess.Popen(
                [self.program, "server", "--address", address, self.folder / "data"],
                stdout=written,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        wait_until(lambda: _is_ready(self), self._process, log)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it. What it keeps stays."""
        if self._process is not None:
            process, self._process = self._process, None
            process.send_signal(number)
            process.wait(20)

    @contextmanager
    def away(self) -> Iterator[None]:
        """It is killed, and refuses connections while the context is open."""
        self.stop(signal.SIGKILL)
        try:
            yield
        finally:
            self.start()

    def client(self) -> Minio:
        """A client with all rights, which tells of a failure at once: MinIO asks for 60 s while it starts."""
        return Minio(
            endpoint=self.endpoint.removeprefix("http://"),
            access_key=self.access_key,
            secret_key=self.secret_key,
            secure=False,
            http_client=PoolManager(retries=False, timeout=20),
        )

    def store(self, bucket: str) -> ObjectStoreSettings:
        """The settings of a store in `bucket`, which need not be there yet."""
        return ObjectStoreSettings(
            url=f"s3://{bucket}",
            endpoint=self.endpoint,
            access_key=self.access_key,
            secret_key=SecretStr(self.secret_key),
        )

    def environment(self, bucket: str) -> dict[str, str]:
        """The same as SNOWLIGHT_STORE_* of a process."""
        return {
            "SNOWLIGHT_STORE_URL": f"s3://{bucket}",
            "SNOWLIGHT_STORE_ENDPOINT": self.endpoint,
            "SNOWLIGHT_STORE_ACCESS_KEY": self.access_key,
            "SNOWLIGHT_STORE_SECRET_KEY": self.secret_key,
        }

    def create_bucket(self) -> str:
        """A fresh bucket. Returns its name."""
        bucket = f"test-{uuid.uuid4().hex[:12]}"
        self.client().make_bucket(bucket_name=bucket)
        return bucket


def find_minio() -> Path:
    """The program. Raises PartMissingError."""
    named = os.environ.get("MINIO_BIN")
    if named:
        if not os.access(named, os.X_OK):
            raise PartMissingError(f"MINIO_BIN={named} is no program")
        return Path(named)
    on_path = shutil.which("minio")
    if on_path:
        return Path(on_path)
    with machine_lock("minio"):
        if not _BUILT.exists():
            run(
                find_go(),
                "install",
                MODULE,
                timeout_s=BUILD_TIMEOUT_S,
                env={**os.environ, "GOBIN": str(_BUILT.parent), "GOFLAGS": "-modcacherw", "CGO_ENABLED": "0"},
            )
    return _BUILT


@contextmanager
def run_minio(program: Path) -> Iterator[MinioServer]:
    """An empty server while the context is open."""
    folder = Path(tempfile.mkdtemp(prefix="snowlight-minio-"))
    endpoint = f"http://127.0.0.1:{free_port()}"
    server = MinioServer(program, folder, endpoint, secrets.token_hex(8), secrets.token_hex(16))
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _is_ready(server: MinioServer) -> bool:
    try:
        server.client().list_buckets()
    except (HTTPError, MinioException):
        return False
    return True
