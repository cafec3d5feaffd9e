"""GET /v1/cameras/{camera}/timeline."""

from __future__ import annotations

from aiohttp import web

from services.gateway.archive.timeline import Span
from services.gateway.archive.timelines import Timelines
from services.gateway.cameras.routes import CameraRoutes
from services.gateway.http.bodies import json_response
from services.gateway.http.instants import parse_range
from services.gateway.http.routes import Parameter, Route
from services.gateway.people.identity import LONGEST_TOLD_MS, Identity
from snowlight.instants import format_instant

_INSTANT = {"type": "string", "format": "date-time"}
SPAN_SCHEMA = {"type": "object", "properties": {"start": _INSTANT, "end": _INSTANT}}
_GAP = {"type": "object", "properties": {"start": _INSTANT, "end": _INSTANT, "cause": {"type": "string"}}}
_ANSWER = {
    "type": "object",
    "properties": {
        "spans": {"type": "array", "items": SPAN_SCHEMA},
        "gaps": {"type": "array", "items": _GAP},
    },
}


class TimelineRoutes:
    """Tells what can be played, and why the rest cannot."""

    def __init__(self, timelines: Timelines, identity: Identity, cameras: CameraRoutes) -> None:
        self._timelines = timelines
        self._identity = identity
        self._cameras = cameras

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/v1/cameras/{camera}/timeline",
                self.read,
                "Spans with footage and gaps with their causes, up to now.",
                parameters=(
                    Parameter("start", "Begin of the range.", _INSTANT, required=True),
                    Parameter(
                        "end", "End of the range, 31 days after start at most.", _INSTANT, required=True
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
        camera = await self._cameras.visible_camera(request, person)
        told = await self._identity.told(
            person, "camera.read", "playback", camera_uid=camera.uid, start_ms=start_ms, end_ms=end_ms
        )
        spans, gaps = await self._timelines.of(camera, told)
        return json_response(
            {
                "spans": [span_json(span) for span in spans],
                "gaps": [
                    {
                        "start": format_instant(gap.start_ms),
                        "end": format_instant(gap.end_ms),
                        "cause": gap.cause.lower(),
                    }
                    for gap in gaps
                ],
            }
        )


def span_json(span: Span) -> dict[str, str]:
    """What callers are told."""
    return {"start": format_instant(span.start_ms), "end": format_instant(span.end_ms)}
