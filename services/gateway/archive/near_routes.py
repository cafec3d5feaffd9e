"""All cameras around a point, and what each recorded in some minutes: where to look for what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from services.gateway.archive.timeline import Span
from services.gateway.archive.timeline_routes import SPAN_SCHEMA, span_json
from services.gateway.archive.timelines import Timelines
from services.gateway.cameras.circle import Circle, read_number, read_radius
from services.gateway.cameras.order import Found, PageTokens, read_order
from services.gateway.cameras.read_model import CameraModel
from services.gateway.cameras.resource import CAMERA_SCHEMA, camera_json
from services.gateway.http.bodies import json_response
from services.gateway.http.instants import parse_range
from services.gateway.http.paging import page_schema, read_page_size
from services.gateway.http.routes import Parameter, Route
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person, Sight
from snowlight.bounded import for_each
from snowlight.clock import Clock
from snowlight.errors import PermissionDeniedError

FARTHEST_M = 5_000
LONGEST_MS = 86_400_000
LARGEST_PAGE = 200
DEFAULT_PAGE = 50
MOST_SPANS = 500
"""Of one camera: one whose connection comes and goes all day has thousands."""
_AT_ONCE = 8
_TOLD = ("name", "uid", "display_name", "region", "location", "ownership", "state", "state_reason")
_INSTANT = {"type": "string", "format": "date-time"}
_NUMBER = {"type": "number"}
_CAMERA = {
    "type": "object",
    "properties": {name: CAMERA_SCHEMA["properties"][name] for name in _TOLD}
    | {
        "distance_m": _NUMBER,
        "spans": {"type": "array", "items": SPAN_SCHEMA},
        "more_spans": {"type": "boolean", "description": f"There are more than {MOST_SPANS}."},
    },
}


@dataclass(frozen=True)
class _Past:
    """What is asked of each camera: [start, end), ms, by whom."""

    person: Person
    sight: Sight
    start_ms: int
    end_ms: int


class NearRoutes:
    """Finds by place and time."""

    def __init__(self, identity: Identity, model: CameraModel, timelines: Timelines, clock: Clock) -> None:
        self._identity = identity
        self._model = model
        self._timelines = timelines
        self._clock = clock

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/v1/footage:near",
                self.near,
                "The cameras around a point that the caller sees, nearest first, and when each recorded.",
                parameters=(
                    Parameter("latitude", "Of the point, WGS-84.", _NUMBER, required=True),
                    Parameter("longitude", "Of the point, WGS-84.", _NUMBER, required=True),
                    Parameter(
                        "radius", "Metres.", _NUMBER | {"minimum": 1, "maximum": FARTHEST_M}, required=True
                    ),
                    Parameter("start", "Begin of the time looked at.", _INSTANT, required=True),
                    Parameter("end", "Its end, 24 hours after start at most.", _INSTANT, required=True),
                    Parameter(
                        "page_size",
                        "How many cameras a page, at most.",
                        {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": DEFAULT_PAGE},
                    ),
                    Parameter("page_token", "next_page_token of the page before."),
                ),
                answer=page_schema("cameras", _CAMERA),
                errors=(400, 401, 503),
            ),
        )

    async def near(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        query = request.query
        circle = Circle(
            read_number(query.get("latitude", ""), "latitude", -90, 90),
            read_number(query.get("longitude", ""), "longitude", -180, 180),
            read_radius(query, most_m=FARTHEST_M),
        )
        start_ms, end_ms = parse_range(query.get("start"), query.get("end"), longest_ms=LONGEST_MS)
        size = read_page_size(query, default=DEFAULT_PAGE, largest=LARGEST_PAGE)
        order = read_order("", with_distance=True)
        tokens = PageTokens(order, "footage:near", repr(circle))
        after = tokens.read(query.get("page_token", ""))

        sight = await self._identity.sight(person)
        found = [one for one in circle.cameras(self._model) if one[0].uid in sight.camera_uids]
        order.sort(found)
        start = 0 if after is None else order.first_after(found, after)
        page = found[start : start + size]
        past = _Past(person, sight, start_ms, end_ms)
        cameras = await for_each(page, lambda one: self._told(one, past), at_once=_AT_ONCE)
        more = start + len(page) < len(found)
        return json_response({"cameras": cameras, "next_page_token": tokens.write(page[-1]) if more else ""})

    async def _told(self, found: Found, past: _Past) -> dict[str, Any]:
        known, distance_m = found
        spans = await self._spans(found, past)
        whole = camera_json(known.camera)
        return {name: whole[name] for name in _TOLD if name in whole} | {
            "distance_m": round(distance_m, 1),
            "spans": [span_json(span) for span in spans[:MOST_SPANS]],
            "more_spans": len(spans) > MOST_SPANS,
        }

    async def _spans(self, found: Found, past: _Past) -> list[Span]:
        camera = found[0].camera
        told = [(past.start_ms, past.end_ms)]
        if not past.sight.sees_past(camera):
            told = await self._parts(camera.uid, past)
        spans, _ = await self._timelines.of(camera, told)
        return spans

    async def _parts(self, uid: str, past: _Past) -> list[tuple[int, int]]:
        """What a grant, a consent or ownership opens of it; nothing once that has ended."""
        try:
            return await self._identity.told(
                past.person,
                "camera.read",
                "playback",
                camera_uid=uid,
                start_ms=past.start_ms,
                end_ms=past.end_ms,
            )
        except PermissionDeniedError:
            return []
