"""The ratio that operators are paid by, against a count of every second."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.storage.cameras.camera import CameraVersion
from services.storage.ledger.account import account
from services.storage.ledger.integrity import Integrity, longest_across
from services.storage.segment import JOIN_MS, LedgerGap
from services.storage.spans import Span, join
from tests.unit.storage import second_by_second as slow

PLACES = (
    ("Asia/Shanghai", "2026-11-26T15:40:00"),  # midnight
    ("Asia/Shanghai", "2026-11-29T15:40:00"),  # from Sunday to Monday
    ("Asia/Shanghai", "2026-11-29T16:10:00"),  # Monday, in Sunday's night
    ("Europe/Berlin", "2026-03-29T00:40:00"),  # an hour is skipped
    ("Europe/Berlin", "2026-10-25T00:40:00"),  # an hour comes twice
    ("America/Sao_Paulo", "2018-11-04T02:40:00"),  # a day begins at one o'clock
    ("Australia/Lord_Howe", "2026-04-04T14:40:00"),  # half an hour comes twice
    ("Africa/Cairo", "2026-10-29T20:40:00"),  # the hour before midnight comes twice
)
LENGTH_S = 2400


@dataclass(frozen=True)
class Case:
    """A camera and what became of it around a moment at which clocks and days change."""

    zone: ZoneInfo
    base: int
    versions: list[slow.Version]
    recorded: list[tuple[int, int]]
    ledger: list[slow.Row]

    @property
    def footage(self) -> list[Span]:
        return join([Span(start * 1000, end * 1000) for start, end in self.recorded], JOIN_MS)

    def account(self, start_ms: int, end_ms: int, existence: Span) -> Integrity:
        ((_, integrity),) = account(
            Span(start_ms, end_ms),
            existence,
            [version_of(each) for each in self.versions],
            self.footage,
            [LedgerGap("cam", row.start * 1000, row.end * 1000, row.cause) for row in self.ledger],
            self.zone,
        )
        return integrity


@st.composite
def cases(draw: st.DrawFn) -> Case:
    name, moment = draw(st.sampled_from(PLACES))
    zone, base = ZoneInfo(name), int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
    recorded = draw(footage(base))
    told = st.lists(st.integers(base, base + LENGTH_S), max_size=3, unique=True).map(sorted)
    versions = [
        slow.Version(since, draw(st.integers(0, 4)) > 0, tuple(draw(st.lists(hours(zone, base), max_size=2))))
        for since in [base - 100, *draw(told)]
    ]
    return Case(zone, base, versions, recorded, draw(ledger(base, recorded)))


@st.composite
def hours(draw: st.DrawFn, zone: ZoneInfo, base: int) -> slow.Hours:
    """Hours that begin or end in what is looked at."""
    local = datetime.fromtimestamp(base + draw(st.integers(0, LENGTH_S)), UTC).astimezone(zone)
    near = local.hour * 60 + local.minute
    far = draw(st.integers(1, 1439).filter(lambda minute: minute != near))
    begin, end = draw(st.permutations([near, far]))
    weekdays = draw(
        st.sampled_from(
            [frozenset(range(7)), frozenset({local.weekday()}), frozenset({6}), frozenset({0, 3})]
        )
    )
    return slow.Hours(weekdays, begin, end or 1440)


@st.composite
def footage(draw: st.DrawFn, base: int) -> list[tuple[int, int]]:
    """With holes of all lengths around a second."""
    found: list[tuple[int, int]] = []
    at = base + draw(st.integers(-60, LENGTH_S))
    for _ in range(draw(st.integers(0, 6))):
        length = draw(st.sampled_from([1, 2, 60, 300]))
        found.append((at, at + length))
        at += length + draw(st.sampled_from([-20, 0, 1, 2, 3, 45, 400]))
    return found


@st.composite
def ledger(draw: st.DrawFn, base: int, recorded: list[tuple[int, int]]) -> list[slow.Row]:
    """Rows about the holes, or about anything."""
    edges = [base, *(edge for span in recorded for edge in span), base + LENGTH_S]
    rows: dict[int, slow.Row] = {}
    for _ in range(draw(st.integers(0, 5))):
        at = draw(st.integers(0, len(edges) - 2))
        near = [edges[at] + draw(st.integers(-2, 2)), edges[at + 1] + draw(st.integers(-2, 2))]
        far = [base + draw(st.integers(-100, LENGTH_S)), base + draw(st.integers(-100, LENGTH_S))]
        start, end = sorted(draw(st.sampled_from([near, near, far])))
        is_open = end == start or draw(st.integers(0, 2)) == 0
        cause = draw(st.sampled_from(["camera_offline", "network", "lost_object", "spool_full"]))
        rows[start] = slow.Row(start, 0 if is_open else end, cause)
    return list(rows.values())


@settings(max_examples=500, deadline=None)
@given(cases(), st.tuples(st.integers(-60, LENGTH_S), st.integers(0, LENGTH_S + 60)).map(sorted))
def test_integrity_is_what_a_count_of_every_second_comes_to(case: Case, existence: list[int]) -> None:
    base = case.base
    existing = range(base + existence[0], base + existence[1] + 1)
    counted = range(max(base, existing.start), min(base + LENGTH_S, existing.stop))
    assume(len(counted) > 0)
    seconds = {second for start, end in case.recorded for second in range(start, end)}
    scheduled = {second for second in counted if slow.is_scheduled(second, case.versions, case.zone)}
    lost = slow.lost(existing, seconds, case.ledger)
    missing: Counter[str] = Counter()
    longest = run = 0
    for second in counted:
        if second in scheduled and second in lost:
            missing[lost[second]] += 1000
            run += 1
            longest = max(longest, run)
        else:
            run = 0

    integrity = case.account(
        counted.start * 1000, counted.stop * 1000, Span(existing.start * 1000, existing.stop * 1000)
    )
    assert integrity.scheduled_ms == len(scheduled) * 1000
    assert integrity.missing == missing
    assert integrity.longest_gap_ms == longest * 1000
    assert integrity.recorded_ms == integrity.scheduled_ms - missing.total()


def version_of(version: slow.Version, region: str = "421381") -> CameraVersion:
    schedule = "; ".join(map(str, version.hours))
    return CameraVersion(version.since * 1000, region, 3, 1, version.enabled, schedule, 30, "telecom")


@settings(max_examples=300, deadline=None)
@given(cases(), st.lists(st.integers(1, LENGTH_S * 1000 - 1), max_size=4))
def test_parts_of_a_span_come_to_what_the_whole_comes_to(case: Case, cuts: list[int]) -> None:
    existence = Span((case.base - 3600) * 1000, (case.base + 7200) * 1000)
    edges = [case.base * 1000 + at for at in sorted({0, *cuts, LENGTH_S * 1000})]
    whole = case.account(edges[0], edges[-1], existence)
    parts = [case.account(start, end, existence) for start, end in pairwise(edges)]
    assert sum(part.scheduled_ms for part in parts) == whole.scheduled_ms
    assert sum(part.recorded_ms for part in parts) == whole.recorded_ms
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part.missing)
    assert total == whole.missing
    within = max(part.longest_gap_ms for part in parts)
    assert max(within, longest_across(("cam", part) for part in parts)) == whole.longest_gap_ms


def test_a_gap_goes_on_from_day_to_day_of_one_camera_only() -> None:
    def day(number: int, leading: int, trailing: int) -> Integrity:
        return Integrity(number * 24, number * 24 + 24, 24, max(leading, trailing), leading, trailing)

    assert longest_across([("a", day(0, 0, 5)), ("a", day(1, 24, 24)), ("a", day(2, 3, 0))]) == 32
    assert longest_across([("a", day(0, 0, 5)), ("b", day(1, 24, 24)), ("b", day(2, 3, 0))]) == 27
    assert longest_across([("a", day(0, 0, 5)), ("a", day(2, 24, 24))]) == 0
    assert longest_across([("a", day(0, 0, 5)), ("a", day(1, 7, 2)), ("a", day(2, 3, 0))]) == 12
    assert longest_across([]) == 0
