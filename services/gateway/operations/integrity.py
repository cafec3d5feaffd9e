"""Recording integrity by region, with what is below it (docs/integrity.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from services.gateway.http.bodies import json_response
from services.gateway.http.instants import parse_range
from services.gateway.http.routes import Parameter, Route, Schema
from services.gateway.operations.regions import REGION, drill
from services.gateway.peers import CALL_TIMEOUT_S, STORAGE, Peers
from services.gateway.people.identity import LONGEST_TOLD_MS, Identity
from snowlight.api.storage.v1 import integrity_pb2
from snowlight.bounded import for_each
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError, NotFoundError
from snowlight.instants import format_instant
from snowlight.rpc.status import remote_errors

REGIONS_AT_ONCE = 4
_INSTANT = {"type": "string", "format": "date-time"}
_INTEGER = {"type": "integer"}
_RATIO = {"type": ["number", "null"], "description": "recorded_ms / scheduled_ms; null without a schedule."}
_TIMES: Schema = {"scheduled_ms": _INTEGER, "recorded_ms": _INTEGER, "ratio": _RATIO}
_CAUSE = {"type": "object", "properties": {"cause": {"type": "string"}, "ms": _INTEGER}}
_FIGURES: Schema = {
    "region": {"type": "string"},
    "cameras": _INTEGER | {"description": "That were to record at any time in it."},
    **_TIMES,
    "longest_gap_ms": _INTEGER | {"description": "Of any one camera."},
    "missing": {"type": "array", "description": "Longest first.", "items": _CAUSE},
    "days": {
        "type": "array",
        "items": {"type": "object", "properties": {"day": {"type": "string", "format": "date"}, **_TIMES}},
    },
}
_CHILD = {"type": "object", "properties": {**_FIGURES, "display_name": {"type": "string"}}}
_ANSWER = {
    "type": "object",
    "properties": {
        **_FIGURES,
        "start": _INSTANT,
        "end": _INSTANT | {"description": "As far as it is over."},
        "children": {"type": "array", "items": _CHILD},
    },
}


class IntegrityRoutes:
    """Storage's reports, to whom a region's assessment is open."""

    def __init__(self, peers: Peers, identity: Identity, zone: ZoneInfo, clock: Clock) -> None:
        """`zone`: of the days that are told."""
        self._peers = peers
        self._identity = identity
        self._zone = zone
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/v1/integrity",
                self.read,
                "What was to be recorded and what was: in all, by local day, cause and child region.",
                parameters=(
                    REGION,
                    Parameter(
                        "start", "Begin: the local day it lies in counts whole.", _INSTANT, required=True
                    ),
                    Parameter(
                        "end",
                        "End, 31 days after start at most: the day of its last moment counts whole.",
                        _INSTANT,
                        required=True,
                    ),
                ),
                answer=_ANSWER,
                errors=(400, 401, 403, 404, 503),
            ),
        )

    async def read(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        start_ms, end_ms = parse_range(
            request.query.get("start"), request.query.get("end"), longest_ms=LONGEST_TOLD_MS
        )
        if start_ms >= self._clock.now_ms():
            raise InvalidArgumentError("request.range", "start must not be in the future", field="start")
        period = self._period(start_ms, end_ms)
        asked = drill(await self._identity.sight(person), request.query.get("region", ""))
        for region in [asked.region] if asked.region else [child.name for child in asked.children]:
            await self._identity.require(person, "assessment.read", region=region)
        reports = await for_each(
            [child.name for child in asked.children],
            lambda region: self._report(region, period),
            at_once=REGIONS_AT_ONCE,
        )
        whole = await self._report(asked.region, period) if asked.region else _sum(reports)
        return json_response(
            _json(asked.region, whole)
            | {
                "start": format_instant(whole.start_ms or start_ms),
                "end": format_instant(whole.end_ms or end_ms),
                "children": [
                    _json(child.name, report) | {"display_name": child.display_name}
                    for child, report in zip(asked.children, reports, strict=True)
                ],
            }
        )

    async def _report(self, region: str, period: str) -> integrity_pb2.Integrity:
        """Zero where there never was a camera."""
        try:
            with remote_errors(STORAGE):
                return await self._peers.integrity.GetIntegrity(
                    integrity_pb2.GetIntegrityRequest(region=region, period=period), timeout=CALL_TIMEOUT_S
                )
        except NotFoundError:
            return integrity_pb2.Integrity()

    def _period(self, start_ms: int, end_ms: int) -> str:
        """The local days of the range, as storage takes them."""
        first, last = (
            datetime.fromtimestamp(ms / 1000, UTC).astimezone(self._zone).date()
            for ms in (start_ms, end_ms - 1)
        )
        return f"{first.isoformat()}/{(last + timedelta(days=1)).isoformat()}"


def _sum(reports: Sequence[integrity_pb2.Integrity]) -> integrity_pb2.Integrity:
    """Of regions that have nothing in common."""
    missing: Counter[str] = Counter()
    days: dict[str, integrity_pb2.IntegrityDay] = {}
    whole = integrity_pb2.Integrity()
    for report in reports:
        whole.start_ms = whole.start_ms or report.start_ms
        whole.end_ms = max(whole.end_ms, report.end_ms)
        whole.cameras += report.cameras
        whole.scheduled_ms += report.scheduled_ms
        whole.recorded_ms += report.recorded_ms
        whole.longest_gap_ms = max(whole.longest_gap_ms, report.longest_gap_ms)
        for each in report.missing:
            missing[each.cause] += each.ms
        for day in report.days:
            known = days.setdefault(day.day, integrity_pb2.IntegrityDay(day=day.day))
            known.scheduled_ms += day.scheduled_ms
            known.recorded_ms += day.recorded_ms
    whole.missing.extend(integrity_pb2.CauseTime(cause=cause, ms=ms) for cause, ms in missing.most_common())
    whole.days.extend(days[day] for day in sorted(days))
    return whole


def _json(region: str, report: integrity_pb2.Integrity) -> dict[str, Any]:
    return {
        "region": region,
        "cameras": report.cameras,
        **_times(report),
        "longest_gap_ms": report.longest_gap_ms,
        "missing": [{"cause": each.cause, "ms": each.ms} for each in report.missing],
        "days": [{"day": day.day, **_times(day)} for day in report.days],
    }


def _times(figures: integrity_pb2.Integrity | integrity_pb2.IntegrityDay) -> dict[str, Any]:
    ratio = figures.recorded_ms / figures.scheduled_ms if figures.scheduled_ms else None
    return {"scheduled_ms": figures.scheduled_ms, "recorded_ms": figures.recorded_ms, "ratio": ratio}
