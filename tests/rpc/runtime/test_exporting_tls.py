"""Spans on their way to a collector by TLS: to whom the authority vouches for, and to nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from structlog.testing import capture_logs

from snowlight.config import TracingSettings
from snowlight.errors import FailedPreconditionError
from snowlight.observability.exporting import Exported
from snowlight.observability.tracing import open_tracing
from tests.parts.certificates import Authority
from tests.parts.collector import run_collector
from tests.waiting import eventually

DROPPED = "snowlight_tracing_spans_dropped_total"


@pytest.fixture
def authority() -> Authority:
    return Authority()


def trusting(authority: Authority, folder: Path) -> Path:
    """A file of who vouches for collectors."""
    file = folder / "collectors.pem"
    file.write_bytes(authority.pem)
    return file


def exported(endpoint: str, ca: Path | None, registry: CollectorRegistry) -> Exported:
    return Exported(
        TracingSettings(endpoint=endpoint, ca=ca, sample_ratio=1), "gateway", registry, flush_s=20
    )


async def test_spans_go_to_a_collector_of_ones_own_authority(authority: Authority, tmp_path: Path) -> None:
    registry = CollectorRegistry()
    async with run_collector(tls=authority.issue()) as collector:
        tracing = exported(f"https://{collector.address}", trusting(authority, tmp_path), registry)
        async with tracing.running():
            tracing.serve("GET /", None, {}).end({})
        assert [span.name for span in collector.spans] == ["GET /"]
    assert registry.get_sample_value(DROPPED) == 0


@pytest.mark.parametrize("trusted", ["another", "the system's"])
async def test_no_span_goes_to_a_collector_that_nobody_vouches_for(
    authority: Authority, trusted: str, tmp_path: Path
) -> None:
    registry = CollectorRegistry()
    ca = trusting(Authority("another"), tmp_path) if trusted == "another" else None
    async with run_collector(tls=authority.issue()) as collector:
        tracing = exported(f"https://{collector.address}", ca, registry)
        with capture_logs() as lines:
            async with tracing.running():

                async def dropped() -> bool:
                    tracing.serve("GET /", None, {}).end({})
                    return (registry.get_sample_value(DROPPED) or 0) >= 3

                await eventually(dropped, 60)
        assert collector.raw == []
    (told,) = [line for line in lines if line["log_level"] == "warning"]
    assert told["event"] == "tracing.collector_away"
    assert "certificate" in told["reason"].lower()


async def test_no_span_goes_in_plain_text_to_a_collector_that_wants_tls(authority: Authority) -> None:
    registry = CollectorRegistry()
    async with run_collector(tls=authority.issue()) as collector:
        tracing = exported(collector.address, None, registry)
        async with tracing.running():

            async def dropped() -> bool:
                tracing.serve("GET /", None, {}).end({})
                return (registry.get_sample_value(DROPPED) or 0) >= 1

            await eventually(dropped, 60)
        assert collector.raw == []


@pytest.mark.parametrize(
    "content", [b"", b"no certificate", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\nAA\n"]
)
def test_an_authority_that_is_none_is_told_at_the_start(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "collectors.pem"
    file.write_bytes(content)
    settings = TracingSettings(endpoint="https://collector:4317", ca=file)
    with pytest.raises(FailedPreconditionError, match=r"config\.tracing_ca"):
        open_tracing(settings, "gateway", CollectorRegistry(), flush_s=1)


def test_an_authority_for_a_collector_without_tls_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="SNOWLIGHT_TRACING_CA"):
        TracingSettings(endpoint="collector:4317", ca=tmp_path / "collectors.pem")
