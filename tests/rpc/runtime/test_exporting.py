"""Spans on their way to a collector: it may be away, slow or back again, and nobody waits for it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from pydantic import ValidationError
from structlog.testing import capture_logs

from simulator.ports import free_port
from snowlight.config import TracingSettings
from snowlight.errors import FailedPreconditionError
from snowlight.observability.exporting import QUEUED_SPANS, Exported
from snowlight.observability.tracing import open_tracing
from tests.parts.collector import run_collector
from tests.waiting import eventually

DROPPED = "snowlight_tracing_spans_dropped_total"


def _exported(address: str, registry: CollectorRegistry, flush_s: float = 5) -> Exported:
    settings = TracingSettings(endpoint=address, sample_ratio=1)
    return Exported(settings, "gateway", registry, flush_s=flush_s)


async def test_what_is_left_at_a_stop_is_sent() -> None:
    async with run_collector() as collector:
        tracing = _exported(collector.address, CollectorRegistry())
        async with tracing.running():
            for _ in range(300):
                tracing.serve("GET /", None, {}).end({})
        assert len(collector.spans) == 300


async def test_without_a_collector_spans_are_dropped_and_told_of_once_until_it_is_back() -> None:
    port, registry = free_port(), CollectorRegistry()
    tracing = _exported(f"127.0.0.1:{port}", registry, flush_s=0.5)
    with capture_logs() as logs:
        async with tracing.running():

            async def dropped() -> bool:
                tracing.serve("GET /", None, {}).end({})
                return (registry.get_sample_value(DROPPED) or 0) >= 3

            await eventually(dropped)
            async with run_collector(port) as collector:

                async def came() -> bool:
                    tracing.serve("GET /", None, {}).end({})
                    return bool(collector.spans)

                await eventually(came, 60)
            told = [line["event"] for line in logs if line["log_level"] != "debug"]
    assert told[:2] == ["tracing.collector_away", "tracing.collector_back"]


async def test_the_queue_is_bounded_and_a_stop_does_not_wait_for_a_collector_that_is_away() -> None:
    registry = CollectorRegistry()
    tracing = _exported(f"127.0.0.1:{free_port()}", registry, flush_s=0.2)
    async with tracing.running():
        for _ in range(QUEUED_SPANS + 100):
            tracing.serve("GET /", None, {}).end({})
        assert registry.get_sample_value(DROPPED) == 100
        began = time.monotonic()
    assert time.monotonic() - began < 20
    assert registry.get_sample_value(DROPPED) == QUEUED_SPANS + 100


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "collector",
        "ftp://collector:4317",
        "https://user:secret@collector:4317",
        "a b:1",
        "collector:65536",
    ],
)
def test_an_endpoint_that_is_none_is_refused_by_its_name(endpoint: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TracingSettings(endpoint=endpoint)
    assert raised.value.errors()[0]["loc"] == ("endpoint",)


@pytest.mark.parametrize("headers", ["token", "Token=a", "a=b c", "a=b,", "a=\n"])
def test_headers_that_are_none_are_refused_without_telling_them(headers: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TracingSettings.model_validate({"headers": headers})
    problem = raised.value.errors(include_input=False, include_context=False)[0]
    assert problem["loc"] == ("headers",) and headers not in problem["msg"]


def test_headers_go_out_as_they_were_given() -> None:
    settings = TracingSettings.model_validate({"headers": "authorization=Basic_dTpw==,x-tenant=county"})
    assert settings.metadata() == (("authorization", "Basic_dTpw=="), ("x-tenant", "county"))


def test_an_authority_that_is_not_there_is_told_at_the_start(
    tmp_path: Path,
) -> None:
    missing = tmp_path / "ca.pem"
    settings = TracingSettings(endpoint="https://collector:4317", ca=missing)
    with pytest.raises(FailedPreconditionError, match=r"config\.tracing_ca"):
        open_tracing(settings, "gateway", CollectorRegistry(), flush_s=1)
