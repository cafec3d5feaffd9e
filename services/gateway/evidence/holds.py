"""Holds: footage kept past its retention."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.cameras.visible import VisibleCameras
from services.gateway.evidence.hold_keeping import HoldKeeping
from services.gateway.http.bodies import json_response, read_json, take_strings
from services.gateway.http.flags import flag, read_flag
from services.gateway.http.idempotency import IDEMPOTENCY_KEY, Attempts
from services.gateway.http.instants import parse_instant, parse_range
from services.gateway.http.paging import PAGE_PARAMETERS, page_schema, read_page
from services.gateway.http.routes import Parameter, Route
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person
from snowlight.api.storage.v1 import hold_pb2
from snowlight.instants import format_instant

_INSTANT = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string"}
_HOLD = {
    "type": "object",
    "properties": {
        "name": _TEXT | {"readOnly": True},
        "camera": _TEXT | {"description": "cameras/{id}, or the uid of a camera that was removed."},
        "start": _INSTANT,
        "end": _INSTANT | {"description": "A year after start at most."},
        "case_number": _TEXT,
        "reason": _TEXT,
        "expire_time": _INSTANT | {"description": "When it lets go by itself; left out: never."},
        "created_by": _TEXT | {"readOnly": True},
        "create_time": _INSTANT | {"readOnly": True},
        "released_by": _TEXT | {"readOnly": True},
        "release_time": _INSTANT | {"readOnly": True},
        "release_reason": _TEXT | {"readOnly": True},
        "missing": {
            "type": "array",
            "readOnly": True,
            "description": "Of the window, what had been deleted when the hold was made.",
            "items": {"type": "object", "properties": {"start": _INSTANT, "end": _INSTANT}},
        },
    },
}


class HoldRoutes:
    """Storage's holds, to whom auth lets."""

    def __init__(
        self,
        identity: Identity,
        holds: HoldKeeping,
        visible: VisibleCameras,
        attempts: Attempts,
    ) -> None:
        self._identity = identity
        self._holds = holds
        self._visible = visible
        self._attempts = attempts

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                "/v1/holds",
                self.create,
                "Keep a camera's footage of a window until somebody else lets it go.",
                parameters=(IDEMPOTENCY_KEY,),
                body=_HOLD | {"required": ["camera", "start", "end", "case_number", "reason"]},
                answer=_HOLD,
                errors=(400, 401, 403, 404, 422),
            ),
            Route(
                "GET",
                "/v1/holds",
                self.list_holds,
                "Holds on the cameras whose footage the caller may hold, newest first.",
                parameters=(
                    Parameter("camera", "cameras/{id}, or a uid: only this one's."),
                    flag("all", "released and expired ones too."),
                    *PAGE_PARAMETERS,
                ),
                answer=page_schema("holds", _HOLD),
                errors=(400, 401, 403, 404),
            ),
            Route(
                "POST",
                "/v1/holds/{hold:[^/:]+}:release",
                self.release,
                "Let the footage go when its retention is over. Not by whoever held it.",
                body={"type": "object", "required": ["reason"], "properties": {"reason": _TEXT}},
                answer=_HOLD,
                errors=(400, 401, 403, 404),
            ),
        )

    async def create(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        body = await read_json(request)
        attempt = self._attempts.of(request, person.name, body)
        camera, start, end, case_number, reason, expire_time = take_strings(
            body,
            ("camera", "start", "end", "case_number", "reason"),
            ("expire_time",),
        )
        start_ms, end_ms = parse_range(start, end)
        uid = await self._uid(person, camera)
        hold = hold_pb2.Hold(
            camera_uid=uid,
            start_ms=start_ms,
            end_ms=end_ms,
            case_number=case_number,
            reason=reason,
            expire_ms=parse_instant(expire_time, "expire_time") if expire_time else 0,
        )
        return json_response(self._json(await self._holds.begin(person, hold, attempt)))

    async def list_holds(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        everything = read_flag(request.query, "all")
        camera = request.query.get("camera", "")
        wanted = hold_pb2.ListHoldsRequest(
            camera_uid=await self._uid(person, camera) if camera else "",
            all=everything,
            **read_page(request.query),
        )
        page = await self._holds.page(person, wanted)
        shown = [self._json(hold) for hold in page.holds]
        return json_response({"holds": shown, "next_page_token": page.next_page_token})

    async def release(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        (reason,) = take_strings(await read_json(request), ("reason",), ())
        released = await self._holds.release(person, f"holds/{request.match_info['hold']}", reason)
        return json_response(self._json(released))

    async def _uid(self, person: Person, camera: str) -> str:
        """The uid of a camera that the person may know of; anything but a name is taken for a uid."""
        if camera.startswith("cameras/"):
            return (await self._visible.named(person, camera)).uid
        return camera

    def _json(self, hold: hold_pb2.Hold) -> dict[str, Any]:
        return {
            "name": hold.name,
            "camera": self._visible.name_of(hold.camera_uid),
            "start": format_instant(hold.start_ms),
            "end": format_instant(hold.end_ms),
            "case_number": hold.case_number,
            "reason": hold.reason,
            "expire_time": _instant(hold.expire_ms),
            "created_by": hold.created_by,
            "create_time": format_instant(hold.create_ms),
            "released_by": hold.released_by,
            "release_time": _instant(hold.release_ms),
            "release_reason": hold.release_reason,
            "missing": [
                {"start": format_instant(gap.start_ms), "end": format_instant(gap.end_ms)}
                for gap in hold.missing
            ],
        }


def _instant(ms: int) -> str | None:
    return format_instant(ms) if ms else None
