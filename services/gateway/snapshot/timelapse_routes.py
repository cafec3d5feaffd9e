"""A day in thumbnails, one each some minutes: GET /snapshot/{ticket}/timelapse.vtt and its sheets."""

from __future__ import annotations

from services.gateway.http.routes import Route
from services.gateway.snapshot.sheet_answers import ERRORS, RANGE, SheetAnswers


class TimelapseRoutes:
    """Shows thumbnails of a playback ticket's window, 160 x 90 each."""

    def __init__(self, sheets: SheetAnswers) -> None:
        self._sheets = sheets

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                "/snapshot/{ticket}/timelapse-{start}.jpg",
                self._sheets.sheet,
                "Four hours from `start` (Unix seconds, a multiple of 14400): a picture of 160 x 90 each "
                "SNOWLIGHT_GATEWAY_THUMBNAIL_MINUTES, ten in a row.",
                access="ticket",
                answer_type="image/jpeg",
                errors=ERRORS,
            ),
            Route(
                "GET",
                "/snapshot/{ticket}/timelapse.vtt",
                self._sheets.track,
                "Which part of which sheet of thumbnails shows what: WebVTT, from `start` on.",
                access="ticket",
                parameters=RANGE,
                answer_type="text/vtt",
                errors=(400, 401, 403, 404, 410, 503),
            ),
        )
