"""What a look costs while shards move: four times a second, for all cameras of a county."""

from hashlib import sha256

import pytest

from services.ingest.camera import CameraSpec
from services.ingest.media.ring import Ring
from services.ingest.shards import rendezvous
from services.ingest.shards.hand_over import HandOver
from services.ingest.shards.outlook import FEARED_MS, Outlook
from services.ingest.shards.rendezvous import Zones, wanted_owners
from services.ingest.shards.rows import LiveWorker, ShardRow, View
from services.ingest.supervised import SupervisedCamera
from snowlight.shards import SHARDS, shard_of

CAMERAS = 2_000


def view_of(names: list[str], weight: float, silent_ms: int) -> View:
    """Of workers that have their shares, the last of which is silent."""
    owners = wanted_owners(dict.fromkeys(names, 1.0))
    rows = [ShardRow(shard, 1, owner, "", "", False) for shard, owner in enumerate(owners)]
    live = {name: LiveWorker(name, "", weight, 1.0, 0) for name in names}
    live[names[-1]] = LiveWorker(names[-1], "", 1.0, 1.0, silent_ms)
    return View(live, [row for row in rows if row.owner != names[0]], owners.count(names[0]))


def test_a_worker_draws_once_whatever_workers_weigh(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"looks-{number}" for number in range(6)]
    drawn = []

    def counted(drawer: bytes) -> object:
        drawn.append(drawer)
        return sha256(drawer)

    monkeypatch.setattr(rendezvous, "sha256", counted)
    for weight in (1.0, 2.0, 1.5):
        for silent_ms in (0, FEARED_MS + 1):
            outlook = Outlook(view_of(names, weight, silent_ms), names[0])
            outlook.wanted(dict.fromkeys(range(SHARDS), 28))
            outlook.feared()
            outlook.orphans()
    assert len(drawn) == len(set(drawn)) == SHARDS * len(names)


def test_zones_draw_once_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = {"looks-a": 1.0, "looks-b": 1.0}
    zones = Zones({"looks-a": "north", "looks-b": "south"})
    before = wanted_owners(weights, zones)

    def drawn(drawer: bytes) -> object:
        raise AssertionError(f"{drawer!r} is drawn again")

    monkeypatch.setattr(rendezvous, "sha256", drawn)
    assert wanted_owners(weights, zones) == before


async def test_only_cameras_that_come_or_go_are_asked_about() -> None:
    asked: list[int] = []

    def owns(shard: int) -> bool:
        asked.append(shard)
        return False

    cameras = {
        uid: SupervisedCamera(uid, shard_of(uid), uid, Ring(), CameraSpec(uid, uid, "rtsp://camera"))
        for uid in (f"camera-{number}" for number in range(CAMERAS))
    }
    hand_over = HandOver(cameras, owns, lambda spec: None)
    coming = {next(iter(cameras.values())).shard}
    hand_over.stand_by(coming)
    assert set(asked) == coming
    asked.clear()
    hand_over.stand_by(coming)
    assert not asked, "nothing has changed"
    assert sum(camera.changed.is_set() for camera in cameras.values()) == sum(
        camera.shard in coming for camera in cameras.values()
    )
