"""Ingest's settings, `SNOWLIGHT_INGEST_*`."""

import ipaddress
import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, FilePath, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode

from services.ingest.kubernetes.config import KubernetesSettings
from services.ingest.sources.source import IPNetwork
from snowlight.config import Address, service_settings_config
from snowlight.object_store import ObjectStoreSettings

PRIVATE_NETWORKS: tuple[IPNetwork, ...] = (  # RFC 1918, RFC 4193
    ipaddress.ip_network("10.0.0.0/8"),
    ipaddress.ip_network("172.16.0.0/12"),
    ipaddress.ip_network("192.168.0.0/16"),
    ipaddress.ip_network("fc00::/7"),
)


class TranscodingSettings(BaseSettings):
    """Footage encoded anew for who cannot play it as it is, or not so much of it."""

    model_config = service_settings_config("ingest_transcode")

    cores: float | None = Field(
        None,
        ge=0,
        description="Cores that transcoding may take; what would take more is refused. 0: there is none. "
        "Unset: half of them.",
    )
    together: Path | None = Field(
        None,
        description="Folder in which the workers of a machine account for the cores that they take, so that "
        "they are bounded together. Unset: a worker's are bounded for itself; `--workers` sets it.",
    )
    encoder: Literal["auto", "libx264", "h264_nvenc", "h264_qsv", "h264_vaapi", "h264_v4l2m2m"] = Field(
        "auto", description="H.264 encoder. auto: the hardware's where it opens, else libx264."
    )
    threads: int = Field(1, ge=1, le=16, description="Of the decoder and of the encoder of each transcode.")
    stall_seconds: float = Field(
        20.0, gt=0, description="A transcoding process that does nothing for so long is killed."
    )

    @property
    def cores_or_default(self) -> float:
        """Cores that transcoding may take."""
        return len(os.sched_getaffinity(0)) / 2 if self.cores is None else self.cores


class IngestSettings(BaseSettings):
    """What ingest alone is told."""

    model_config = service_settings_config("ingest")

    listen: Address = Field("127.0.0.1:7002", description="Where ingest serves gRPC.")
    worker: str = Field(
        "0",
        pattern=r"^[0-9A-Za-z._-]{1,64}$",
        description="Names this worker among those of one database; the same after a restart, "
        "on the same spool.",
    )
    weight: float = Field(
        1.0, ge=0, description="Its share of the bit rate beside other workers, who have 1 each. 0: none."
    )
    zone: str | None = Field(
        None,
        pattern=r"^[0-9A-Za-z._-]{1,63}$",
        description="Where this worker runs: one that goes or restarts moves cameras within its zone. "
        "Unset: nowhere, or the zone of its node on Kubernetes.",
    )
    advertise: Address | None = Field(
        None,
        description="Where gateways reach this worker. Unset: where they reach ingest, as with one "
        "worker alone.",
    )
    database_url: str | None = Field(
        None,
        repr=False,
        description="sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME. "
        "Unset: ingest.db in data_dir.",
    )
    spool_dir: Path | None = Field(
        None, description="Folder of the minutes that are in no store yet. Unset: spool in data_dir."
    )
    spool_bytes: int = Field(
        0, ge=0, description="What the spool may hold, bytes. 0: as much as its disk, less 256 MiB."
    )
    spool_age_hours: float = Field(
        168.0, gt=0, description="How old footage that cannot be uploaded becomes before it is given up."
    )
    spool_grace_hours: float = Field(
        24.0,
        gt=0,
        description="How long a worker that died may stay away with its spool before what it has not "
        "uploaded counts as lost, as `spool_lost`.",
    )
    uploads_least: int = Field(1, ge=1, description="PUTs at a time to a store that is slow or fails.")
    uploads_most: int = Field(16, ge=1, description="PUTs at a time to a store that answers in time.")
    upload_slow_seconds: float = Field(
        10.0, gt=0, description="A PUT that takes longer says that the store has too much to do."
    )
    upload_timeout_seconds: float = Field(
        60.0, gt=0, description="A PUT that is not answered by then is tried again."
    )
    backlog_bytes_per_second: int = Field(
        50_000_000,
        ge=0,
        description="How fast footage left over from an outage goes to each store, beside the live one, "
        "bytes/s. 0: no cap.",
    )
    source_networks: Annotated[tuple[IPNetwork, ...], NoDecode] = Field(
        PRIVATE_NETWORKS,
        description="Networks that cameras may be in, CIDR, comma-separated. Checked after name resolution.",
    )
    source_authorities: FilePath | None = Field(
        None,
        description="PEM file of authorities that https cameras' certificates may come from, "
        "besides the system's.",
    )
    media_dir: Path | None = Field(
        None, description="The only folder whose files may be played as cameras. Unset: none may."
    )
    publish_rtmp_listen: Address | None = Field(
        None, description="Where cameras may publish by RTMP, HOST:PORT. Unset: they may not."
    )
    publish_rtsp_listen: Address | None = Field(
        None, description="Where cameras may publish by RTSP (RECORD), HOST:PORT. Unset: they may not."
    )
    ring_bytes: int = Field(
        1_250_000,
        ge=64 << 10,
        description="Newest footage kept for live viewers, bytes per camera: in memory where it is not "
        "recorded.",
    )
    sessions_per_second: float = Field(
        100.0, gt=0, description="How many cameras are connected to in a second, at the start and later."
    )
    site_sessions_per_second: float = Field(
        50.0,
        gt=0,
        description="How many of them at one site: a host name, or the /24 (IPv6: /64) of an address.",
    )
    live_wait_seconds: float = Field(
        5.0, ge=0, description="How long a live viewer waits for a camera that is connecting."
    )
    rendition_linger_seconds: float = Field(
        30.0, ge=0, description="How long a rendition other than the main one goes on after its last viewer."
    )
    require_dossier: bool = Field(
        False,
        description="Enable a public camera only once its dossier is complete, and record its sound only "
        "where dossier.audio_reason says why.",
    )
    transcode: TranscodingSettings = Field(
        default_factory=TranscodingSettings,
        description="Footage encoded anew (SNOWLIGHT_INGEST_TRANSCODE_*).",
    )
    kubernetes: KubernetesSettings = Field(
        default_factory=KubernetesSettings,
        description="Where ingest runs on Kubernetes (SNOWLIGHT_KUBERNETES_*).",
    )
    store: ObjectStoreSettings = Field(
        default_factory=ObjectStoreSettings, description="Where footage goes (SNOWLIGHT_STORE_*)."
    )

    @model_validator(mode="after")
    def _check_uploads(self) -> Self:
        if self.uploads_least > self.uploads_most:
            raise ValueError("uploads_least must not be more than uploads_most")
        return self

    @field_validator("source_networks", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value
