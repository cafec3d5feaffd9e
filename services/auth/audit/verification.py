"""Computes the chain anew and tells what is not as it was linked and signed, day by day."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from services.auth.audit.chain import DAY_MS, day_name, day_of, first_hash, next_hash
from services.auth.audit.heads import Head, HeadSigner, fingerprint
from services.auth.audit.sealing import GRACE_MS, is_due
from services.auth.model import AuditRecord
from services.auth.repository import audit_gaps, audit_heads, audit_links
from services.auth.repository.audit_links import Linked
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import DataLossError

AT_ONCE = 500
MAX_FINDINGS_A_DAY = 100
LATE_MS = 26 * 3_600_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it was. `record_id` and `position` are 0 when it is about no single record."""

    problem: str
    day: int
    detail: str
    record_id: int = 0
    position: int = 0


@dataclass(frozen=True, slots=True)
class VerifiedDay:
    """A day that was looked at."""

    day: int
    records: int
    sealed: bool
    dropped: bool


@dataclass(frozen=True, slots=True)
class Note:
    """Worth knowing, and no proof of anything wrong."""

    text: str


Told = Finding | VerifiedDay | Note


@dataclass
class _Day:
    """What is known of a day while it is verified."""

    day: int
    kept: Mapping[int, Head]
    """Heads that somebody kept, by their count of records."""
    count: int = 0
    """The position of the last link."""
    hash: bytes = b""
    findings: list[Finding] = field(default_factory=list)

    def found(self, problem: str, detail: str, *, record_id: int = 0, position: int = 0) -> None:
        self.findings.append(Finding(problem, self.day, detail, record_id, position))


class Verification:
    """Verifies days. What it reads is never held whole: a day of any length goes by in pieces."""

    def __init__(self, database: Database, signer: HeadSigner, clock: Clock) -> None:
        self._database = database
        self._signer = signer
        self._clock = clock

    async def verify(
        self, from_day: int | None, to_day: int | None, kept_heads: Sequence[str]
    ) -> AsyncIterator[Told]:
        """All that is found, and each day once it is done. `kept_heads` were kept by somebody else."""
        outside, wrong = self._read_kept(kept_heads)
        for finding in wrong:
            yield finding
        async with self._database.read() as connection:
            sealed = await audit_heads.span(connection)
            linked = await audit_links.days(connection)
            statements = await audit_heads.drops(connection)
        dropped: list[tuple[int, int]] = []
        for start_ms, end_ms, jws in statements:
            if self._is_drop(start_ms, end_ms, jws):
                dropped.append((start_ms, end_ms))
            else:
                yield Finding("drop_wrong", day_of(start_ms), "nobody signed that this month was dropped")
        ends = [bound for span in (sealed, linked) if span for bound in span] + list(outside)
        if not ends:
            yield Note("the audit is empty")
            return
        today = day_of(self._clock.now_ms())
        begin, end = min(ends), max([today, *ends])
        if from_day is not None and from_day < begin:
            yield Note(f"the chain begins on {day_name(begin)}")
        for day in range(max(begin, from_day or 0), min(end, end if to_day is None else to_day) + 1):
            async for told in self._verify_day(day, dropped, outside.get(day, {})):
                yield told
        async for told in self._verify_unlinked(from_day, to_day, dropped):
            yield told

    def _read_kept(self, kept_heads: Sequence[str]) -> tuple[dict[int, dict[int, Head]], list[Finding]]:
        outside: dict[int, dict[int, Head]] = {}
        wrong: list[Finding] = []
        for number, signed in enumerate(kept_heads, start=1):
            try:
                head = self._signer.check(signed)
            except DataLossError as error:
                today = day_of(self._clock.now_ms())
                wrong.append(Finding("kept_head_wrong", today, f"kept head {number}: {error.detail}"))
            else:
                outside.setdefault(head.day, {})[head.count] = head
        return outside, wrong

    def _is_drop(self, start_ms: int, end_ms: int, jws: str) -> bool:
        try:
            drop = self._signer.check_drop(jws)
        except DataLossError:
            return False
        return (drop.start_ms, drop.end_ms) == (start_ms, end_ms)

    async def _verify_day(
        self, day: int, dropped: Sequence[tuple[int, int]], kept: Mapping[int, Head]
    ) -> AsyncIterator[Told]:
        state = _Day(day, kept)
        async with self._database.read() as connection:
            signed = await audit_heads.find(connection, day)
            before = await audit_heads.find(connection, day - 1)
        head = self._check_head(state, signed, before)
        gone = _in(dropped, day * DAY_MS)
        if not gone:
            await self._follow(state, dropped)
            self._compare(state, head)
        elif head is not None:
            state.count = head.count
            for count, kept_head in kept.items():
                if count == head.count and kept_head.hash != head.hash:
                    state.found("head_differs", "the day's head is not the one that was kept")
        for finding in state.findings[:MAX_FINDINGS_A_DAY]:
            yield finding
        if len(state.findings) > MAX_FINDINGS_A_DAY:
            more = len(state.findings) - MAX_FINDINGS_A_DAY
            yield Finding("more", day, f"{more} more of this day are not told one by one")
        if head is not None and head.signed_ms > (day + 1) * DAY_MS + LATE_MS:
            when = day_name(day_of(head.signed_ms))
            yield Note(
                f"{day_name(day)} was sealed as late as {when}: auth was down, or somebody had it do so"
            )
        yield VerifiedDay(day, state.count, head is not None, gone)

    def _check_head(self, state: _Day, signed: str | None, before: str | None) -> Head | None:
        day = state.day
        if signed is None:
            if is_due(day, self._clock.now_ms()):
                state.found("head_missing", "the day is over and has no signed head")
            return None
        try:
            head = self._signer.check(signed)
        except DataLossError as error:
            state.found("head_wrong", error.detail)
            return None
        if head.day != day or not head.sealed:
            state.found("head_wrong", f"this is a head of {day_name(head.day)}, {head.sealed=}")
            return None
        if head.previous != (fingerprint(before) if before else ""):
            what = "another one" if before else "one, which is gone"
            state.found("head_wrong", f"the head before it, of {day_name(day - 1)}, was {what}")
        return head

    async def _follow(self, state: _Day, dropped: Sequence[tuple[int, int]]) -> None:
        """Walk the day's links. Behind one that is wrong go on from what was linked: it alone is told."""
        state.hash = first_hash(state.day)
        while True:
            try:
                async with self._database.read() as connection:
                    piece = await audit_links.of_day(connection, state.day, state.count, AT_ONCE)
                for linked in piece:
                    self._step(state, linked, dropped)
            except (TypeError, ValueError):  # SQLite takes any value into any column
                state.found("changed", "a record or link behind this cannot be read", position=state.count)
                return
            if len(piece) < AT_ONCE:
                return

    def _step(self, state: _Day, linked: Linked, dropped: Sequence[tuple[int, int]]) -> None:
        link, record = linked.link, linked.record
        place = {"record_id": link.record_id, "position": link.position}
        if link.position != state.count + 1:
            missing = f"positions {state.count + 1} to {link.position - 1}"
            state.found("removed", f"the links of {missing} are gone", position=state.count + 1)
        elif record is None:
            if not _in(dropped, link.time_ms):
                state.found("removed", "the record is gone", **place)
        elif next_hash(state.hash, link.record_id, record) != link.hash:
            state.found("changed", "the record is not what was linked", **place)
        elif (link.time_ms, link.principal, link.action, link.camera_uid) != _found_by(record):
            state.found("changed", "what the record is found by is not what it says", **place)
        state.count, state.hash = link.position, link.hash
        kept = state.kept.get(link.position)
        if kept is not None and kept.hash != link.hash:
            state.found("head_differs", "the chain is not that of a head which was kept", **place)

    def _compare(self, state: _Day, head: Head | None) -> None:
        for count, kept in state.kept.items():
            if count > state.count:
                detail = f"{state.count} records are left of {count} that a kept head tells of"
                state.found("removed", detail, position=state.count + 1)
            elif kept.sealed and count < state.count:
                detail = f"{state.count} records where {count} were sealed, as a kept head tells"
                state.found("added", detail, position=count + 1)
        if head is None:
            return
        if head.count > state.count:
            state.found(
                "removed",
                f"{state.count} records are left of {head.count}: the last are gone",
                position=state.count + 1,
            )
        elif head.count < state.count:
            state.found(
                "added", f"{state.count} records where {head.count} were sealed", position=head.count + 1
            )
        elif head.hash != state.hash:
            state.found("changed", "the day's chain was computed anew: its end is not what was signed")

    async def _verify_unlinked(
        self, from_day: int | None, to_day: int | None, dropped: Sequence[tuple[int, int]]
    ) -> AsyncIterator[Told]:
        """What was taken away before it was linked, or kept out of the chain."""
        since_ms = 0 if from_day is None else from_day * DAY_MS
        until_ms = self._clock.now_ms() - GRACE_MS
        if to_day is not None:
            until_ms = min(until_ms, (to_day + 1) * DAY_MS)
        async with self._database.read() as connection:
            removed = await audit_links.removed_before_linking(connection, MAX_FINDINGS_A_DAY)
            outside = await audit_gaps.in_no_chain(connection, since_ms, until_ms, MAX_FINDINGS_A_DAY)
        told = {record_id for record_id, _ in removed}
        for record_id, time_ms in removed:
            detail = "the record was removed before it was linked"
            yield Finding("removed", day_of(time_ms), detail, record_id)
        for record_id, time_ms in outside:
            if not _in(dropped, time_ms):
                yield Finding("unlinked", day_of(time_ms), "the record is in no chain", record_id)
        if self._database.is_postgres:
            async for note in self._note_holes():
                yield note
            return
        async with self._database.read() as connection:
            gaps = await audit_gaps.missing_ids(connection, MAX_FINDINGS_A_DAY)
        for record_id, time_ms in gaps:  # SQLite gives out each id once and skips none
            if record_id not in told and not _in(dropped, time_ms):
                detail = "the record and all that tells of it are gone"
                yield Finding("removed", day_of(time_ms), detail, record_id)

    async def _note_holes(self) -> AsyncIterator[Note]:
        async with self._database.read() as connection:
            holes = await audit_gaps.count_holes(connection)
        if holes:
            yield Note(
                f"{holes} ids between the first record and the last have none: rolled back, removed in the "
                "second before they were linked, or told of above"
            )


def _in(spans: Sequence[tuple[int, int]], time_ms: int) -> bool:
    return any(start_ms <= time_ms < end_ms for start_ms, end_ms in spans)


def _found_by(record: AuditRecord) -> tuple[int, str, str, str]:
    return record.time_ms, record.actor.principal, record.action, record.camera_uid
