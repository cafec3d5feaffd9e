"""The online rate by region, with what is below it (docs/online-rate.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.bodies import json_response
from services.gateway.http.instants import parse_range
from services.gateway.http.routes import Parameter, Route, Schema
from services.gateway.operations.regions import REGION, drill
from services.gateway.peers import CALL_TIMEOUT_S, INGEST, Peers
from services.gateway.people.identity import Identity
from snowlight.api.ingest.v1 import online_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.instants import format_instant
from snowlight.rpc.status import remote_errors

_DAY_MS = 86_400_000
_STEPS = {
    "hour": (online_pb2.GetOnlineRateRequest.HOUR, 8 * _DAY_MS),
    "day": (online_pb2.GetOnlineRateRequest.DAY, 400 * _DAY_MS),
}
_INSTANT = {"type": "string", "format": "date-time"}
_TOLD: Schema = {
    "enabled_ms": {"type": "integer", "description": "Of all cameras together."},
    "online_ms": {"type": "integer"},
    "rate": {"type": ["number", "null"], "description": "online_ms / enabled_ms; null without enabled time."},
    "lossy_hours": {
        "type": "integer",
        "description": "Hours in which a camera lost over 1 % of its packets, all together; of 31 days.",
    },
}
_STEP = {"type": "object", "properties": {"start": _INSTANT, **_TOLD}}
_FIGURES: Schema = {
    "region": {"type": "string"},
    "cameras": {"type": "integer"},
    **_TOLD,
    "steps": {"type": "array", "items": _STEP},
}
_CHILD = {"type": "object", "properties": {**_FIGURES, "display_name": {"type": "string"}}}
_ANSWER = {"type": "object", "properties": {**_FIGURES, "children": {"type": "array", "items": _CHILD}}}


@dataclass
class _Figures:
    """Of one region with all below it."""

    cameras: int = 0
    enabled_ms: Counter[int] = field(default_factory=Counter)
    """By begin of the step."""
    online_ms: Counter[int] = field(default_factory=Counter)
    lossy_hours: Counter[int] = field(default_factory=Counter)

    def add(self, span: online_pb2.OnlineSpan) -> None:
        self.enabled_ms[span.start_ms] += span.enabled_ms
        self.online_ms[span.start_ms] += span.online_ms
        self.lossy_hours[span.start_ms] += span.lossy_hours

    def json(self, region: str) -> dict[str, Any]:
        steps = [
            {
                "start": format_instant(start_ms),
                **_told(self.enabled_ms[start_ms], self.online_ms[start_ms], self.lossy_hours[start_ms]),
            }
            for start_ms in sorted(self.enabled_ms)
        ]
        total = _told(self.enabled_ms.total(), self.online_ms.total(), self.lossy_hours.total())
        return {"region": region, "cameras": self.cameras, **total, "steps": steps}


class OnlineRateRoutes:
    """Ingest's figures of the cameras whose whole past the caller may be told."""

    def __init__(self, peers: Peers, identity: Identity, model: CameraModel) -> None:
        self._peers = peers
        self._identity = identity
        self._model = model

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/v1/online_rate",
                self.read,
                "How much of the time cameras were online: in all, by step and by child region.",
                parameters=(
                    REGION,
                    Parameter("start", "Begin of the range.", _INSTANT, required=True),
                    Parameter(
                        "end",
                        "End of the range: 8 days after start at most by hour, 400 by day.",
                        _INSTANT,
                        required=True,
                    ),
                    Parameter(
                        "step",
                        "Hours of UTC, of the last eight days; or local days. Left out: day.",
                        {"type": "string", "enum": list(_STEPS)},
                    ),
                ),
                answer=_ANSWER,
                errors=(400, 401, 404, 503),
            ),
        )

    async def read(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        name = request.query.get("step") or "day"
        if name not in _STEPS:
            raise InvalidArgumentError("request.step", "step must be hour or day", field="step")
        step, longest_ms = _STEPS[name]
        start_ms, end_ms = parse_range(
            request.query.get("start"), request.query.get("end"), longest_ms=longest_ms
        )
        sight = await self._identity.sight(person)
        asked = drill(sight, request.query.get("region", ""))
        cameras = [
            camera
            for camera in self._model.after("")
            if camera.region in asked.names and sight.sees_past(camera)
        ]
        total = _Figures(len(cameras))
        children = {child.name: _Figures() for child in asked.children}
        for camera in cameras:
            if (child := asked.child_of.get(camera.region)) is not None:
                children[child].cameras += 1
        uids = [camera.uid for camera in cameras]
        for span in await self._spans(uids, start_ms, end_ms, step):
            total.add(span)
            if (child := asked.child_of.get(span.region)) is not None:
                children[child].add(span)
        answer = total.json(asked.region)
        answer["children"] = [
            children[child.name].json(child.name) | {"display_name": child.display_name}
            for child in asked.children
        ]
        return json_response(answer)

    async def _spans(
        self,
        uids: Sequence[str],
        start_ms: int,
        end_ms: int,
        step: online_pb2.GetOnlineRateRequest.Step.ValueType,
    ) -> Iterable[online_pb2.OnlineSpan]:
        if not uids:
            return ()
        wanted = online_pb2.GetOnlineRateRequest(
            camera_uids=uids, start_ms=start_ms, end_ms=end_ms, step=step
        )
        with remote_errors(INGEST):
            return (await self._peers.online_rates.GetOnlineRate(wanted, timeout=CALL_TIMEOUT_S)).spans


def _told(enabled_ms: int, online_ms: int, lossy_hours: int) -> dict[str, Any]:
    rate = online_ms / enabled_ms if enabled_ms else None
    return {"enabled_ms": enabled_ms, "online_ms": online_ms, "rate": rate, "lossy_hours": lossy_hours}
