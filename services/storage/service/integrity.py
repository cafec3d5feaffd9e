"""The gRPC face of integrity reports: messages in, messages out."""

import re
from datetime import date
from typing import Any

from services.storage.ledger.days import DaySum, Subject
from services.storage.ledger.report import Report, Reports
from services.storage.service.validation import check, check_uid
from snowlight.api.storage.v1 import integrity_pb2, integrity_pb2_grpc

LONGEST_DAYS = 32
_PERIOD = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?", re.ASCII)
_REGION = re.compile(r"regions/(\d{2}|\d{4}|\d{6}|\d{9}|\d{12}[0-9A-Za-z-]{0,20})", re.ASCII)


class IntegrityService(integrity_pb2_grpc.IntegrityReportsServicer):
    """`snowlight.api.storage.v1.IntegrityReports`."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    async def GetIntegrity(  # noqa: N802
        self, request: integrity_pb2.GetIntegrityRequest, context: Any
    ) -> integrity_pb2.Integrity:
        subject = parse_subject(request)
        first, until = parse_period(request.period)
        report = await self._reports.report(subject, (first, until), anew=request.recompute)
        return _message(report, of_month=(until - first).days > 1)


def parse_subject(request: integrity_pb2.GetIntegrityRequest) -> Subject:
    """Whose integrity is asked for. Raises InvalidArgumentError that names the field."""
    match request.WhichOneof("subject"):
        case "camera_uid":
            check_uid(request.camera_uid, "camera_uid")
            return Subject(camera_uid=request.camera_uid)
        case "region":
            region = _REGION.fullmatch(request.region)
            check(
                region is not None,
                "region",
                "region must be regions/ and 2, 4, 6, 9 or 12 digits, below a village and a local code",
            )
            assert region is not None
            return Subject(region=region[1])
        case _:
            check(False, "subject", "camera_uid or region is required")
            raise AssertionError


def parse_period(period: str) -> tuple[date, date]:
    """The first day of "2026-11-26", "2026-11" or "2026-11-20/2026-11-27" (an interval without its last day,
    ISO 8601-1, 5.5), and the first one after it.

    Raises InvalidArgumentError for anything else.
    """
    start, slash, end = period.partition("/")
    first, until = _parse_day_or_month(start)
    if slash:
        until, after = _parse_day_or_month(end)
        are_days = (after - until).days == (_parse_day_or_month(start)[1] - first).days == 1
        check(
            are_days and 0 < (until - first).days <= LONGEST_DAYS,
            "period",
            f"an interval has two days like 2026-11-20/2026-11-27, at most {LONGEST_DAYS} apart",
        )
    return first, until


def _parse_day_or_month(text: str) -> tuple[date, date]:
    found = _PERIOD.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        year, month = int(found[1]), int(found[2])
        first = date(year, month, int(found[3] or 1))
        check(
            first >= date(1970, 1, 2) and year < 9999, "period", "period must be a day or month of our time"
        )
        until = (
            date.fromordinal(first.toordinal() + 1)
            if found[3]
            else date(year + month // 12, month % 12 + 1, 1)
        )
    except ValueError:
        check(False, "period", "period must be a day like 2026-11-26 or a month like 2026-11")
        raise
    return first, until


def _message(report: Report, *, of_month: bool) -> integrity_pb2.Integrity:
    missing = sorted(report.missing.items(), key=lambda each: (-each[1], each[0]))
    return integrity_pb2.Integrity(
        start_ms=report.span.start_ms,
        end_ms=report.span.end_ms,
        cameras=report.cameras,
        scheduled_ms=report.scheduled_ms,
        recorded_ms=report.recorded_ms,
        ratio=_ratio(report),
        longest_gap_ms=report.longest_gap_ms,
        missing=[integrity_pb2.CauseTime(cause=cause, ms=ms) for cause, ms in missing],
        days=[
            integrity_pb2.IntegrityDay(
                day=day.day, scheduled_ms=day.scheduled_ms, recorded_ms=day.recorded_ms, ratio=_ratio(day)
            )
            for day in report.days
            if of_month
        ],
    )


def _ratio(figures: Report | DaySum) -> float:
    return figures.recorded_ms / figures.scheduled_ms if figures.scheduled_ms else 1.0
