"""Certificates that a process cannot start with."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from pydantic import ValidationError

from snowlight.access.cluster_key import ClusterKey
from snowlight.access.service_token import ServiceTokens
from snowlight.clock import SystemClock
from snowlight.config import TlsSettings
from snowlight.errors import FailedPreconditionError
from snowlight.observability.metrics import RpcMetrics
from snowlight.rpc.channel import open_channel
from snowlight.rpc.interceptors import Guard
from snowlight.rpc.server import serve_grpc
from tests.parts.certificates import Authority

KEY = ClusterKey("a cluster key that is long enough for a test")


@pytest.fixture
def files(tmp_path: Path) -> TlsSettings:
    authority = Authority()
    return authority.issue().write(tmp_path / "files", authority.pem)


@pytest.mark.parametrize("missing", ["certificate", "key", "ca"])
def test_two_of_the_three_files_are_no_setting(files: TlsSettings, missing: str) -> None:
    with pytest.raises(
        ValidationError, match="SNOWLIGHT_TLS_CERTIFICATE, SNOWLIGHT_TLS_KEY and SNOWLIGHT_TLS_CA"
    ):
        TlsSettings(**{name: path for name, path in files if name != missing})


def damage(path: Path, content: bytes | None) -> None:
    """Put `content` there, or nothing."""
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("certificate", b"", "holds no certificate"),
        ("certificate", None, "No such file"),
        ("key", b"-----BEGIN PRIVATE KEY-----", "is not an unencrypted private key"),
        ("key", Authority().issue().key, "is not the key of"),
        ("ca", b"\xff" * 100, "holds no certificate"),
    ],
)
async def test_files_that_cannot_be_used_are_named_at_start(
    files: TlsSettings, file: str, content: bytes | None, told: str
) -> None:
    path: Path = getattr(files, file)
    damage(path, content)
    tokens = ServiceTokens(KEY, "gateway", SystemClock())
    with pytest.raises(FailedPreconditionError, match=rf"config\.tls: {path} .*{told}"):
        open_channel("127.0.0.1:1", tokens, files)
    guard = Guard(tokens, RpcMetrics(CollectorRegistry()))
    with pytest.raises(FailedPreconditionError, match=rf"config\.tls: {path} .*{told}"):
        async with serve_grpc("127.0.0.1:0", [], guard, tls=files, allow_plaintext=False, drain_seconds=0):
            pass
