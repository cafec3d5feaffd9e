"""What the database tells of workers and shards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker as it tells of itself."""

    id: str
    """The same after a restart."""
    run: str
    """Another one after each restart."""
    address: str
    """HOST:PORT where gateways reach it; empty: where they reach ingest."""
    weight: float = 1.0
    zone: str = ""
    """Where it runs; empty where that is not told."""
    pod: str = ""
    """What it runs in and drains with; empty where it drains alone, at its stop."""
    stops: bool = False
    """It takes nothing more."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker has to do, as it measures it."""

    cameras: int = 0
    """Those that it records or tries to."""
    bits_per_second: int = 0
    """Of what it writes to its spool."""
    cores: float = 0.0
    spool_files: int = 0
    spool_level: float = 0.0
    """0, empty, to 1, full; above for a disk that takes nothing."""


@dataclass(frozen=True, slots=True)
class ShardRow:
    """Who owns a shard. Workers by their ids, empty for none."""

    shard: int
    epoch: int
    owner: str
    previous: str
    """Whose spool may still hold the newest minutes of before."""
    successor: str
    """Who prepares to take it over while its owner goes on."""
    ready: bool
    """The successor has pictures of all cameras that send any."""


@dataclass(frozen=True, slots=True)
class LiveWorker:
    """A worker of whom the database has heard lately."""

    id: str
    address: str
    capacity: float
    """Its weight as it is set; 0 while it stops or drains."""
    correction: float
    """Makes up for what its cameras send more or less than others'."""
    silent_ms: int = field(compare=False)
    """Since its last heartbeat."""
    zone: str = ""

    @property
    def weight(self) -> float:
        """Its share of the shards beside others'."""
        return self.capacity * self.correction


@dataclass(frozen=True, slots=True)
class Taken:
    """A shard that was taken over, in an epoch that nobody was given before."""

    shard: int
    epoch: int
    previous: str
    ended_ms: int
    """When the database last heard of the owner before, ms since 1970 UTC; 0 for none."""


@dataclass(frozen=True, slots=True)
class View:
    """As of one moment."""

    live: Mapping[str, LiveWorker]
    foreign: Sequence[ShardRow]
    """Shards that are not simply this worker's: of others, of nobody, or with a successor."""
    owned: int
    """How many are this worker's."""
    zones: Mapping[str, float] = field(default_factory=dict)
    """What the workers of each zone weigh that are alive, drain or have stopped a little while ago."""
