"""What a process loads before anything needs it: it stays in memory for as long as the process runs."""

import subprocess
import sys
from functools import cache

import pytest

from services.ingest.media.sample_entry import sps_of, video_sample_entry
from services.ingest.media.sps import parse_sps
from tests.unit.media.samples import clip

_BY_NONE = ("alembic", "av", "kubernetes", "minio", "numpy", "opentelemetry")
_OF_POSTGRESQL = ("asyncpg", "sqlalchemy.dialects.postgresql")
NEVER_NEEDED = {
    "auth": (*_BY_NONE, *_OF_POSTGRESQL, "services.auth.sign_in.oidc.providers_file"),
    "storage": (*_BY_NONE, *_OF_POSTGRESQL),
    "ingest": (
        *_BY_NONE,
        *_OF_POSTGRESQL,
        "services.ingest.camera_resources.duty",
        "services.ingest.kubernetes.autoscaler",
        "services.ingest.kubernetes.client",
        "services.ingest.kubernetes.pod_watch",
        "services.ingest.publishing.rtmp.connection",
        "services.ingest.publishing.rtsp",
    ),
    "gateway": (*_BY_NONE, "sqlalchemy"),
    "all": (*_BY_NONE, *_OF_POSTGRESQL),
}
"""Migrations, PostgreSQL, sound and pictures that libav has to look at, Kubernetes, buckets, spans; what a
setting switches on."""
MODULES = {"all": ("services.embedded", "services.gateway.app")}
_LOADED = "import sys; from services.loading import load; load(sys.argv[1]); print(*sys.modules)"
_TRUSTED = """
import os
from services.loading import load
before = dict(os.environ)
connector = load("aiohttp.connector")
print(connector._SSL_CONTEXT_VERIFIED.cert_store_stats()["x509"], os.environ == before)
"""
_DECLARED = """
import sys
from services.ingest.media.init_section import InitSections
import services.ingest.media.stream
section = InitSections().get(bytes.fromhex(sys.argv[1]), None)
print(section[32:36].decode(), "av" in sys.modules)
"""


@pytest.mark.parametrize(("command", "package"), [(c, p) for c, ps in NEVER_NEEDED.items() for p in ps])
def test_a_service_does_not_load_what_it_may_never_need(command: str, package: str) -> None:
    assert package not in _loaded_by(command)


def test_nobody_is_trusted_by_default() -> None:
    """Who speaks TLS says whom it trusts: the system's authorities take as long as a library."""
    assert _told_by(_TRUSTED) == ["0", "True"]


def test_a_camera_of_h264_alone_does_not_load_libav() -> None:
    sets = clip(seconds=0.2).video.parameter_sets
    entry = video_sample_entry("h264", sets, parse_sps("h264", sps_of("h264", sets)))
    assert _told_by(_DECLARED, entry.hex()) == ["moov", "False"]


@cache
def _loaded_by(command: str) -> frozenset[str]:
    """All modules of `snowlight COMMAND` when it is about to begin."""
    module, app = MODULES.get(command, (f"services.{command}.__main__", f"services.{command}.app"))
    loaded = frozenset(_told_by(_LOADED, module))
    assert app in loaded
    return loaded


def _told_by(code: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
