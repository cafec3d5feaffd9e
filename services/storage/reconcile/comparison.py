"""One camera-day of one store: what lies in the bucket against what the index says."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from services.storage.catalogue.camera_rebuild import parse_key
from services.storage.catalogue.completion import Completion
from services.storage.index.day_object import Day
from services.storage.index.day_objects import DayObjects
from services.storage.index.packed import PackedDay, read_day
from services.storage.reconcile.adopting import Adopting, Fate
from services.storage.reconcile.hashing import Hashing
from services.storage.reconcile.losing import Losing
from services.storage.reconcile.metrics import ReconcileMetrics
from services.storage.reconcile.recovering import Recovering
from services.storage.reconcile.rows import CameraDay, DayRows, ReconcileRows
from services.storage.segment import DAY_MS, Segment
from services.storage.stores.objects import Listed, head, list_all
from services.storage.stores.prober import StoreProber
from snowlight.bounded import for_each
from snowlight.clock import Clock
from snowlight.errors import DataLossError, NotFoundError

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

HEADS_AT_ONCE = 8
COMPLETED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class _Index:
    """What the index says, the content of the packed day included."""

    rows: DayRows
    packed: tuple[PackedDay, Day] | None
    segments: Mapping[str, Segment]
    """By key, what is live."""
    in_packed: frozenset[str]
    """Keys of those of them that the packed day tells."""

    @classmethod
    def of(cls, rows: DayRows, packed: tuple[PackedDay, Day] | None) -> "_Index":
        live = {str(segment.key): segment for segment in rows.live}
        if packed is None:
            return cls(rows, None, live, frozenset())
        row, day = packed
        told = {str(each.key): each for each in day.segments(row.kept_from_ms, fragments=False)}
        return cls(rows, packed, told | live, frozenset(told))

    def knows(self, key: str) -> bool:
        return key in self.segments or key in self.rows.going


class Comparison:
    """Compares, and mends what differs. What it is not sure of it leaves to the next time."""

    def __init__(
        self,
        rows: ReconcileRows,
        stores: "Mapping[str, ObjectStore]",
        prober: StoreProber,
        losing: Losing,
        recovering: Recovering,
        adopting: Adopting,
        completion: Completion,
        hashing: Hashing,
        clock: Clock,
        metrics: ReconcileMetrics,
        *,
        grace_seconds: float,
    ) -> None:
        self._rows = rows
        self._stores = stores
        self._prober = prober
        self._losing = losing
        self._recovering = recovering
        self._adopting = adopting
        self._completion = completion
        self._hashing = hashing
        self._clock = clock
        self._metrics = metrics
        self._grace_ms = int(grace_seconds * 1000)
        # Nothing is kept: whether an index object is still there is a part of the question.
        self._objects = DayObjects(stores, cache_bytes=0)

    async def compare(self, of: CameraDay) -> None:
        """Raises UnavailableError when the store or the database does not answer, AbortedError when the day
        changed under our hands, FailedPreconditionError when the store is not the one it was."""
        before = await self._rows.read(of)
        listed = {each.key: each for each in await list_all(self._stores[of.store], _prefix(of))}
        after = await self._rows.read(of)
        if before.packed != after.packed:
            return  # being packed or unpacked: what is where is seen next time
        if after.is_empty and listed and (found := await self._recovering.recover(of, listed)):
            self._metrics.adopted.inc(found)
            return  # what else is there of the day is seen next time
        index = _Index.of(after, None)
        if after.packed is not None:
            day = await self._read_packed(after.packed)
            if day is None:
                await self._make_up(after.packed, listed, after)
                return
            index = _Index.of(after, (after.packed, day))
        known = {str(segment.key) for segment in before.live} | before.going
        lost = await self._lose(of, index, known, listed)
        # Before the orphans: a row whose object turns out to be no footage keeps none out of its time then.
        await self._complete(of, [row for row in after.live if str(row.key) not in lost], after.bare, listed)
        orphans = [each for key, each in listed.items() if key not in known and not index.knows(key)]
        await self._decide(of, orphans)
        await self._rows.note_checked(of, self._clock.now_ms())
        self._metrics.days.inc()

    async def _read_packed(self, row: PackedDay) -> Day | None:
        """The content of a packed day; None when its index object is gone or damaged, in a store that still
        is the one it was."""
        try:
            return await read_day(self._objects, row)
        except (DataLossError, NotFoundError):
            await self._prober.check(row.store)
            return None

    async def _make_up(self, row: PackedDay, listed: Mapping[str, Listed], rows: DayRows) -> None:
        """Make rows of the day's objects again."""
        keys = [
            (key, each.size)
            for each in listed.values()
            if each.key not in rows.going and (key := parse_key(each.key)) is not None
        ]
        await self._losing.lose_index_object(row, keys, rows.live)

    async def _lose(
        self, of: CameraDay, index: _Index, known: set[str], listed: Mapping[str, Listed]
    ) -> set[str]:
        """Rows that were there before and after the LIST, of objects that a HEAD does not find either, in a
        store that still is the one it was. Returns their keys."""
        suspects = [
            segment
            for key, segment in index.segments.items()
            if (key in known or key in index.in_packed) and not _is_whole(segment, listed.get(key))
        ]
        if not suspects:
            return set()
        store = self._stores[of.store]
        heads = await for_each(suspects, lambda each: head(store, str(each.key)), at_once=HEADS_AT_ONCE)
        lost = [each for each, found in zip(suspects, heads, strict=True) if not _is_whole(each, found)]
        if not lost:
            return set()
        await self._prober.check(of.store)
        in_packed = index.packed if any(str(each.key) in index.in_packed for each in lost) else None
        self._metrics.lost.inc(await self._losing.lose(lost, in_packed))
        cut_short = [found for found in heads if found is not None]
        sizes = {str(each.key): each.size for each in lost}
        for found in cut_short:
            if found.key in sizes and found.size != sizes[found.key]:
                self._count(await self._adopting.decide(of.store, found))
        return set(sizes)

    async def _complete(
        self, of: CameraDay, live: Sequence[Segment], bare: Collection[str], listed: Mapping[str, Listed]
    ) -> None:
        """Look up what keys do not tell, so that the day can be packed; and hashes, as far as time allows.

        `bare`: keys of the `live` rows without a fragment table. One whose object is not what its name says
        stands for no footage: it is lost, and the object set aside.
        """
        there = [each for each in live if str(each.key) in listed]
        rows = [each for each in there if str(each.key) in bare]
        wrong: list[Segment] = []
        for at in range(0, len(rows), COMPLETED_AT_ONCE):
            wrong += (await self._completion.look_up(rows[at : at + COMPLETED_AT_ONCE])).wrong
        if wrong:
            await self._prober.check(of.store)
            self._metrics.lost.inc(await self._losing.lose(wrong, None))
            for each in wrong:
                self._count(await self._adopting.decide(of.store, listed[str(each.key)]))
        await self._hashing.hash([each for each in there if not each.sha256 and each not in wrong])

    async def _decide(self, of: CameraDay, orphans: list[Listed]) -> None:
        """Younger ones may still be committed by the spool that they come from."""
        before_ms = self._clock.now_ms() - self._grace_ms
        for each in orphans:
            if each.modified_ms < before_ms:
                self._count(await self._adopting.decide(of.store, each))

    def _count(self, fate: Fate) -> None:
        if fate is Fate.ADOPTED:
            self._metrics.adopted.inc()
        elif fate is Fate.SET_ASIDE:
            self._metrics.set_aside.inc()


def _is_whole(segment: Segment, found: Listed | None) -> bool:
    return found is not None and found.size == segment.size


def _prefix(of: CameraDay) -> str:
    date = datetime.fromtimestamp(of.day * DAY_MS / 1000, UTC).strftime("%Y%m%d")
    return f"rec/{of.camera_uid}/{date}/"
