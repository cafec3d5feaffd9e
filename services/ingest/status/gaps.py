"""The spans in which nothing was recorded, each with its cause, as they begin and end."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

GAP_MIN_MS = 1000
"""A shorter hole between two fragments is no gap."""

PENDING_PER_CAMERA = 200
"""Gaps of one camera that wait for an absent database; older closed ones are given up."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Times are ms since 1970 UTC; `end_ms` is None while the gap goes on."""

    uid: str
    start_ms: int
    end_ms: int | None
    cause: str


class GapLedger:
    """At most one open gap a camera. Closed ones stay pending until `take` hands them to the database."""

    def __init__(self) -> None:
        self._open: dict[str, Gap] = {}
        self._known: set[str] = set()  # cameras whose open gap the database has or is about to have
        self._pending: dict[str, dict[int, Gap]] = {}

    def restore(self, gaps: Iterable[Gap]) -> None:
        """Go on with the gaps that an earlier run left open, or the worker before.

        A camera has but one: where there are more the newest goes on, and each other one had ended by then.
        """
        for gap in gaps:
            older, newest = sorted((self._open.get(gap.uid, gap), gap), key=lambda each: each.start_ms)
            if older.start_ms < newest.start_ms:
                self._note(replace(older, end_ms=newest.start_ms))
            self._open[gap.uid] = newest
            self._known.add(gap.uid)

    def open_gap(self, uid: str) -> Gap | None:
        """The gap that goes on, if one does."""
        return self._open.get(uid)

    def count(self, cause: str) -> int:
        """How many cameras have a gap of this cause that goes on."""
        return sum(gap.cause == cause for gap in self._open.values())

    def start(self, uid: str, start_ms: int, cause: str, *, however_short: bool = False) -> None:
        """Nothing is recorded from `start_ms` on. Within an open gap of another cause, a new one begins.

        Where the other one would be too short for a gap, the new one takes its time.

        `however_short`: it is one in any case, as where another gap ends at its start.
        """
        current = self._open.get(uid)
        if current is not None:
            if current.cause == cause:
                return
            if start_ms - current.start_ms <= (0 if uid in self._known else GAP_MIN_MS):
                start_ms = current.start_ms
            else:
                self.end(uid, start_ms)
        self._open[uid] = gap = Gap(uid, start_ms, None, cause)
        if however_short:
            self._known.add(uid)
        self._note(gap)

    def end(self, uid: str, end_ms: int) -> None:
        """Footage begins again at `end_ms`, or nobody wants it any more."""
        current = self._open.pop(uid, None)
        if current is None:
            return
        end_ms = max(end_ms, current.start_ms + 1)
        if end_ms - current.start_ms <= GAP_MIN_MS and uid not in self._known:
            self._forget(current)
        else:
            self._note(replace(current, end_ms=end_ms))
        self._known.discard(uid)

    def leave(self, uid: str) -> None:
        """The camera is another worker's: what goes on is for that one to tell."""
        self._open.pop(uid, None)
        self._pending.pop(uid, None)
        self._known.discard(uid)

    def take(self) -> list[Gap]:
        """What changed since the last call, for the database."""
        taken = [gap for gaps in self._pending.values() for gap in gaps.values()]
        self._pending.clear()
        self._known.update(gap.uid for gap in taken if gap.end_ms is None)
        return taken

    def put_back(self, gaps: Iterable[Gap]) -> None:
        """The database did not take them: hand them out again, unless they changed meanwhile, or their
        cameras were left."""
        for gap in gaps:
            has_left = gap.end_ms is None and self._open.get(gap.uid) != gap
            if not has_left and gap.start_ms not in self._pending.get(gap.uid, {}):
                self._note(gap)

    def _note(self, gap: Gap) -> None:
        waiting = self._pending.setdefault(gap.uid, {})
        waiting[gap.start_ms] = gap
        if len(waiting) > PENDING_PER_CAMERA:
            del waiting[min(waiting)]

    def _forget(self, gap: Gap) -> None:
        waiting = self._pending.get(gap.uid, {})
        waiting.pop(gap.start_ms, None)
        if not waiting:
            self._pending.pop(gap.uid, None)
