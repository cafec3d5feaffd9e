"""Parts are made before the first test, and a part that is missing is a failure under CI=true."""

import os
from collections.abc import Callable, Generator, Sequence
from typing import Any

import pytest

from tests.parts.access_clients import find_go_client, find_java_clients
from tests.parts.chromium import find_chinese_font, find_chromium
from tests.parts.documented import find_documented
from tests.parts.faad import find_faad
from tests.parts.ffprobe import find_ffprobe
from tests.parts.foreign_grpc import find_ghz, find_grpcurl
from tests.parts.gstreamer import find_gstreamer
from tests.parts.kubernetes.programs import find_kubernetes
from tests.parts.mediamtx import find_mediamtx
from tests.parts.minio import find_minio
from tests.parts.part import PartMissingError
from tests.parts.postgres import find_postgres
from tests.parts.promtool import find_promtool
from tests.parts.rtmp import find_nginx

FINDERS: dict[str, tuple[str, Callable[[], Any]]] = {
    "postgres_server": ("PostgreSQL", find_postgres),
    "minio_server": ("MinIO", find_minio),
    "gstreamer_python": ("GStreamer", find_gstreamer),
    "mediamtx_program": ("MediaMTX", find_mediamtx),
    "nginx": ("nginx with RTMP", find_nginx),
    "promtool": ("promtool", find_promtool),
    "chromium_program": ("Chromium", find_chromium),
    "chinese_font": ("Noto Sans CJK", find_chinese_font),
    "kube_apiserver": ("Kubernetes", find_kubernetes),
    "ffprobe": ("FFprobe", find_ffprobe),
    "faad": ("FAAD2", find_faad),
    "documented_programs": ("curl and jq", find_documented),
    "go_client": ("the client in Go", find_go_client),
    "java_clients": ("the clients in Java", find_java_clients),
    "grpcurl": ("grpcurl", find_grpcurl),
    "ghz": ("ghz", find_ghz),
}
"""By the session fixture that needs the part: its name, and what finds or makes it."""


class Parts:
    """What was found. Looks for each part once."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._found: dict[str, Any] = {}
        self._missing: dict[str, str] = {}
        self.said: list[str] = []
        """What became of the parts, a line each."""

    def need(self, fixture: str) -> Any:
        """What the part's finder found. Skips the test when there is none."""
        self.look_for(fixture)
        if fixture in self._missing:
            pytest.skip(f"{FINDERS[fixture][0]}: {self._missing[fixture]}")
        return self._found[fixture]

    def look_for(self, fixture: str) -> None:
        """Find or make the part, and say so."""
        if fixture in self._found or fixture in self._missing:
            return
        name, find = FINDERS[fixture]
        try:
            self._found[fixture] = find()
            self._say(f"{name}: {self._found[fixture]}")
        except PartMissingError as error:
            self._missing[fixture] = str(error)
            self._say(f"{name} is missing: {error}")

    def _say(self, line: str) -> None:
        self.said.append(f"part {line}")
        _tell(self._config, self.said[-1:])


parts_key = pytest.StashKey[Parts]()
_told_key = pytest.StashKey[set[str]]()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker has ended (pytest-xdist): the process that has the terminal tells what each has found."""
    lines = getattr(node, "workeroutput", {}).get("parts", ())
    told = node.config.stash.setdefault(_told_key, set())
    _tell(node.config, [line for line in lines if line not in told])
    told.update(lines)


def _tell(config: pytest.Config, lines: Sequence[str]) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        for line in lines:
            reporter.ensure_newline()
            reporter.write_line(line)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-looks", action="store_true", help="take the console's pictures anew")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[parts_key] = Parts(config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker's last words (pytest-xdist)."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["parts"] = session.config.stash[parts_key].said


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make what the chosen tests need now: a build takes longer than a test may."""
    if session.config.option.collectonly:
        return
    needed = {
        name for item in session.items if isinstance(item, pytest.Function) for name in item.fixturenames
    }
    for fixture in FINDERS:
        if fixture in needed:
            session.config.stash[parts_key].look_for(fixture)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI every test runs: what is skipped has failed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true does not allow: {reason}"
    return report
