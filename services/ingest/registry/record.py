"""A registered camera as it is kept, and what is left of one that was deleted."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """One version of one camera. URLs carry no credentials; those are sealed apart."""

    uid: str
    id: str
    revision: int
    display_name: str
    region: str
    source_url: str
    source_secret: bytes | None = field(repr=False)
    sub_source_url: str
    sub_source_secret: bytes | None = field(repr=False)
    camera_class: int
    ownership: int
    """Number of `ingest.v1.Ownership`."""
    owner: str
    managing_unit: str
    operator: str
    latitude: float | None
    longitude: float | None
    listed_for_residents: bool
    audio: bool
    enabled: bool
    schedule: str
    retention_days: int
    dossier: Mapping[str, str]
    create_time_ms: int
    update_time_ms: int
    owner_time_ms: int
    """When `owner` last changed."""

    @property
    def name(self) -> str:
        return f"cameras/{self.id}"

    @property
    def etag(self) -> str:
        """No two versions of anything in the registry share a revision, so it serves as the etag."""
        return f"r{self.revision:x}"


@dataclass(frozen=True, slots=True)
class PlacedCamera:
    """What has to be known of each camera before anything is recorded."""

    uid: str
    region: str
    create_time_ms: int


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A deleted camera. Its uid is never given again; its id may be."""

    uid: str
    id: str
    revision: int

    @property
    def name(self) -> str:
        return f"cameras/{self.id}"


Change = CameraRecord | Tombstone
