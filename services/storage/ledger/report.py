"""The integrity of a camera or a region over a day or a month."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from services.storage.cameras.repository import CameraRepository
from services.storage.ledger.account import AT_ONCE, CameraDays
from services.storage.ledger.day_rows import CameraDay, LocalDay
from services.storage.ledger.days import SETTLE_MS, DaySum, IntegrityDays, Subject, is_under
from services.storage.ledger.integrity import Integrity, longest_across
from services.storage.spans import Span
from snowlight.clock import Clock
from snowlight.errors import InvalidArgumentError, NotFoundError

BATCH = 200
ASKED_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Report:
    """What was scheduled and what of it was recorded, by day."""

    span: Span
    """The period as far as it is over."""
    cameras: int
    """That were to record at any time in it."""
    longest_gap_ms: int
    days: tuple[DaySum, ...]

    @property
    def scheduled_ms(self) -> int:
        return sum(day.scheduled_ms for day in self.days)

    @property
    def recorded_ms(self) -> int:
        return sum(day.recorded_ms for day in self.days)

    @property
    def missing(self) -> dict[str, int]:
        """Scheduled time within gaps, ms by cause."""
        return _total(day.missing for day in self.days)


class Reports:
    """Answers from closed days, which are computed when they are not there, and from the day that goes on."""

    def __init__(
        self,
        cameras: CameraRepository,
        days: IntegrityDays,
        computed: CameraDays,
        zone: ZoneInfo,
        clock: Clock,
    ) -> None:
        self._cameras = cameras
        self._days = days
        self._computed = computed
        self._zone = zone
        self._clock = clock

    async def report(self, subject: Subject, period: tuple[date, date], *, anew: bool) -> Report:
        """The integrity of `subject` from the first day of `period` to before the second one.

        `anew`: closed days are computed again, as far as their footage is still kept. Raises
        InvalidArgumentError for a period that has not begun, NotFoundError for a camera or region that never
        was and for a period of which nothing is kept any more.
        """
        now_ms = self._clock.now_ms()
        await self._check_known(subject)
        days = [LocalDay.of(day, self._zone) for day in _days(*period)]
        over = Span(days[0].span.start_ms, min(days[-1].span.end_ms, now_ms - SETTLE_MS))
        if over.is_empty:
            raise InvalidArgumentError("request.invalid", "the period has not begun", field="period")
        closed = [day for day in days if day.span.end_ms <= over.end_ms]
        for day in closed:
            await self._settle(subject, day, now_ms, anew=anew)
        running = [day for day in days if day.span.start_ms < over.end_ms < day.span.end_ms]
        rows = [row for day in running for row in await self._go_on(subject, day, now_ms)]
        return await self._gather(subject, over, days, rows)

    async def _check_known(self, subject: Subject) -> None:
        if subject.camera_uid and await self._cameras.get(subject.camera_uid) is None:
            raise NotFoundError("storage.camera_unknown", "there is no such camera", field="camera_uid")
        if subject.region and not await self._days.is_known(subject.region):
            raise NotFoundError("storage.region_unknown", "no camera was ever in this region", field="region")

    async def _settle(self, subject: Subject, day: LocalDay, now_ms: int, *, anew: bool) -> None:
        after = ""
        while uids := await self._days.unsettled(subject, day, now_ms, anew=anew, limit=BATCH, after=after):
            await self._computed.settle(uids, day, now_ms)
            after = uids[-1]

    async def _go_on(self, subject: Subject, day: LocalDay, now_ms: int) -> list[CameraDay]:
        """What the day has come to so far."""
        members = await self._days.members(subject, day.span)
        batches = iter([members[at : at + AT_ONCE] for at in range(0, len(members), AT_ONCE)])
        rows: list[CameraDay] = []

        async def work() -> None:
            for uids in batches:
                computed = await self._computed.compute(uids, day, now_ms)
                rows.extend(row for row in computed if is_under(row.region, subject.region))

        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(ASKED_AT_ONCE):
                    workers.create_task(work())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from failed
        return rows

    async def _gather(
        self, subject: Subject, over: Span, days: Sequence[LocalDay], running: list[CameraDay]
    ) -> Report:
        first, last = days[0].name, days[-1].name
        sums = [*await self._days.sums(subject, first, last), *_sums(running)]
        if not sums:
            raise NotFoundError(
                "storage.integrity_unknown",
                "nothing is known of this period: nothing was registered then, or it has expired",
                field="period",
            )
        edges = await self._days.edges(subject, first, last)
        edges += [(row.camera_uid, row.integrity) for row in running]
        edges.sort(key=lambda each: (each[0], each[1].start_ms))
        recording = await self._days.scheduled_cameras(subject, first, last)
        recording |= {row.camera_uid for row in running if row.integrity.scheduled_ms}
        return Report(
            span=over,
            cameras=len(recording),
            longest_gap_ms=max(longest_across(edges), *(day.longest_gap_ms for day in sums)),
            days=tuple(sums),
        )


def _days(first: date, until: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((until - first).days)]


def _sums(rows: Iterable[CameraDay]) -> list[DaySum]:
    """By day, what `IntegrityDays.sums` makes of rows that are kept."""
    by_day: dict[str, list[Integrity]] = {}
    for row in rows:
        by_day.setdefault(row.day, []).append(row.integrity)
    return [
        DaySum(
            day,
            sum(each.scheduled_ms for each in measured),
            max(each.longest_gap_ms for each in measured),
            _total(each.missing for each in measured),
        )
        for day, measured in by_day.items()
    ]


def _total(missing: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in missing:
        total.update(each)
    return dict(total)
