"""One request through four processes: its id is in the logs of each, and its spans are one tree."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.cluster.person import COUNTY, USERNAME, add_duty_officer
from tests.parts.collector import Collected, Collector, run_collector
from tests.parts.snowlight import SERVICES, Snowlight, run_separate
from tests.waiting import eventually

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
SECRET = "what-the-collector-wants"
_OFF = {"source_url": "rtsp://127.0.0.1:9/", "enabled": False, "ownership": "PUBLIC", "camera_class": 2}


@dataclass(frozen=True)
class Site:
    """Four processes that are traced, a camera, and somebody signed in."""

    snowlight: Snowlight
    collector: Collector
    http: aiohttp.ClientSession
    password: str


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with run_collector() as collector:
        settings = {
            "SNOWLIGHT_TRACING_ENDPOINT": f"http://{collector.address}",
            "SNOWLIGHT_TRACING_SAMPLE_RATIO": "0",
            "SNOWLIGHT_TRACING_HEADERS": f"authorization={SECRET}",
            "SNOWLIGHT_GATEWAY_BEHIND_PROXY": "true",
            "SNOWLIGHT_LOG_LEVEL": "debug",
        }
        async with run_separate(tmp_path, {}, settings) as snowlight:
            password = await add_duty_officer(snowlight)
            async with aiohttp.ClientSession(snowlight.url) as http:
                form = {"grant_type": "password", "username": USERNAME, "password": password}
                async with http.post("/v1/token", data=form) as response:
                    token = (await response.json())["access_token"]
                http.headers["Authorization"] = f"Bearer {token}"
                yield Site(snowlight, collector, http, password)


async def test_a_request_is_found_in_the_logs_of_all_and_its_spans_are_one_tree(site: Site) -> None:
    camera = {"region": f"regions/{COUNTY}", "retention_days": 7, **_OFF}
    async with site.http.post("/v1/cameras?camera_id=gate", json=camera) as response:
        assert response.status == 200, await response.text()

    async def known() -> bool:
        async with site.http.get("/v1/cameras/gate") as response:
            return response.status == 200

    await eventually(known)
    window = "start=2026-01-01T00:00:00Z&end=2026-01-02T00:00:00Z"

    async def answered() -> bool:
        async with site.http.get(f"/v1/cameras/gate/timeline?{window}", headers=SAMPLED) as response:
            assert response.headers["X-Request-Id"] == TRACE
            return response.status == 200

    await eventually(answered)
    for service in SERVICES:
        lines = _lines(site.snowlight, service)
        assert any(line.get("trace_id") == TRACE for line in lines), service
        assert not any("trace_id" in line for line in lines if line["event"] == "process.ready")

    spans = await site.collector.wait_for(TRACE, _is_whole)
    by_id = {span.span_id: span for span in spans}
    for span in spans:
        if span.service == "gateway" and span.kind == "server":
            assert span.parent_id == PARENT
            assert span.name == "GET /v1/cameras/{camera}/timeline"
            continue
        parent = by_id[span.parent_id]
        if span.kind == "server":
            assert (parent.kind, parent.name) == ("client", span.name)
        else:
            assert (parent.kind, parent.service) == ("server", span.service)
    assert all(not span.failed for span in spans if span.attributes.get("http.response.status_code") == 200)
    assert {told["authorization"] for told in site.collector.metadata} == {SECRET}


async def test_no_span_tells_a_secret_and_what_is_not_sampled_is_not_sent(site: Site) -> None:
    form = {"grant_type": "password", "username": USERNAME, "password": site.password}
    async with site.http.post("/v1/token", data=form, headers=SAMPLED) as response:
        assert response.status == 200
    lines = _lines(site.snowlight, "auth")
    assert any(
        line.get("method", "").endswith("/IssueToken") and line.get("trace_id") == TRACE for line in lines
    )
    ticket = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2VjcmV0"
    async with site.http.get(f"/hls/{ticket}/live.m3u8?agent=x", headers=SAMPLED) as response:
        assert response.status == 401
    other = "1" * 32
    async with site.http.get("/v1/regions", headers={"traceparent": f"00-{other}-{PARENT}-00"}) as response:
        assert response.headers["X-Request-Id"] == other
    await site.collector.wait_for(TRACE, lambda spans: sum(s.service == "gateway" for s in spans) >= 3)
    assert not site.collector.of(other)
    sent = b"".join(site.collector.raw)
    for secret in (ticket, ticket[:20], site.password, USERNAME):
        assert secret.encode() not in sent
    names = {span.name for span in site.collector.of(TRACE) if span.attributes.get("http.route")}
    assert names == {"POST /v1/token", "GET /hls/{ticket}/live.m3u8"}


def _is_whole(spans: list[Collected]) -> bool:
    served = {span.service for span in spans if span.kind == "server"}
    ids = {span.span_id for span in spans}
    return served == set(SERVICES) and all(span.parent_id in {*ids, PARENT} for span in spans)


def _lines(snowlight: Snowlight, service: str) -> list[dict[str, Any]]:
    text = snowlight.processes[service].log.read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
