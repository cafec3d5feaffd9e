"""Where pictures come from, live and recorded, whichever way they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.gateway.archive.index import FootageIndex
from services.gateway.archive.reader import FootageReader
from services.gateway.archive.timelines import Timelines
from services.gateway.cameras.read_model import CameraModel
from services.gateway.config import GatewaySettings
from services.gateway.live.hub import LiveHubs
from services.gateway.live.opening import LiveOpening
from services.gateway.peers import Peers
from services.gateway.snapshot.snapshots import Snapshots
from snowlight.clock import Clock

if TYPE_CHECKING:
    from obstore.store import ObjectStore


@dataclass(frozen=True)
class Pictures:
    """The parts."""

    opening: LiveOpening
    index: FootageIndex
    reader: FootageReader
    timelines: Timelines
    snapshots: Snapshots


def open_pictures(
    peers: Peers,
    cameras: CameraModel,
    hubs: LiveHubs,
    stores: Mapping[str, ObjectStore],
    settings: GatewaySettings,
    clock: Clock,
) -> Pictures:
    """The parts for one gateway."""
    opening = LiveOpening(hubs, cameras, wait_s=settings.live_wait_seconds)
    index = FootageIndex(peers, clock, cached_hours=settings.archive_cached_hours)
    reader = FootageReader(peers, index, stores)
    return Pictures(opening, index, reader, Timelines(peers, clock), Snapshots(opening, index, reader, clock))
