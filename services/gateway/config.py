"""Settings of the gateway (`SNOWLIGHT_GATEWAY_*`)."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from services.gateway.access.config import AccessSettings
from snowlight.config import Address, service_settings_config
from snowlight.object_store import EvidenceSettings, ObjectStoreSettings


class GatewaySettings(BaseSettings):
    """What one gateway is told."""

    model_config = service_settings_config("gateway")

    listen: Address = Field("127.0.0.1:8080", description="Where the site is served, plain HTTP.")
    behind_proxy: bool = Field(
        False, description="An edge proxy sets X-Forwarded-For and X-Forwarded-Proto; believe them."
    )
    client_certificate_header: str = Field(
        "",
        pattern=r"^[A-Za-z0-9-]*$",
        description="In which header the proxy tells the certificate that a client has proved to hold: PEM "
        "as in a URL, or by RFC 9440. The proxy must remove what clients send in it. Needs behind_proxy.",
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^/?#\s]+)?/?$",
        description="Where people reach the site, https://video.example. Unset: where a request went to.",
    )
    console_dir: Path | None = Field(
        None, description="The built console. Unset: the one in the package, else console/dist of a checkout."
    )
    max_body_bytes: int = Field(1 << 20, gt=0, description="Longest request body taken.")
    rate_quota: int = Field(
        1000, gt=0, description="Requests to /v1/ that a caller may make at once, and again in each window."
    )
    rate_window_seconds: float = Field(20.0, gt=0, description="The window of rate_quota.")
    head_seconds: float = Field(
        10.0, gt=0, description="How long a caller may take for a request line and headers."
    )
    body_seconds: float = Field(
        30.0, gt=0, description="How long a caller may take for a body; a file of cameras, five minutes."
    )
    idle_seconds: float = Field(75.0, gt=0, description="How long a connection is kept without a request.")
    max_connections: int = Field(
        50_000,
        gt=0,
        description="Connections at once; one more is told 503 and closed. Never more than the limit of open "
        "files leaves room for.",
    )
    publish_rtmp_address: Address | None = Field(
        None,
        description="HOST:PORT at which cameras reach ingest by RTMP, told with their keys. Unset: not told.",
    )
    publish_rtsp_address: Address | None = Field(
        None,
        description="HOST:PORT at which cameras reach ingest by RTSP, told with their keys. Unset: not told.",
    )
    live_wait_seconds: float = Field(
        8.0, gt=0, description="How long a first viewer waits for the first segment of a camera."
    )
    live_idle_seconds: float = Field(
        60.0, gt=0, description="How long a camera stays watched after its last viewer."
    )
    known_tickets: int = Field(
        50_000,
        gt=0,
        description="Tickets in use here at once, about 3 kB each; those used longest ago make room.",
    )
    sending_bytes: int = Field(
        512 << 20,
        gt=0,
        description="Footage held in memory at once for those it is read for and sent to; beyond it, 503.",
    )
    archive_cached_hours: int = Field(
        512, gt=0, description="Camera-hours of the footage index kept in memory, about 0.1 MB each."
    )
    thumbnail_minutes: int = Field(
        10,
        ge=0,
        le=240,
        description="Minutes from one thumbnail of a day to the next, a divisor of 240, the same for all "
        "gateways. 0: there are none.",
    )
    archive_presign: bool = Field(
        False,
        description="Playlists of the past may name byte ranges of the bucket itself, by presigned URLs: "
        "what is watched so is not counted, and goes on until the URLs end where a right is taken away.",
    )
    archive_presign_seconds: int = Field(300, ge=5, le=3600, description="How long presigned URLs are good.")
    store: ObjectStoreSettings = Field(
        default_factory=ObjectStoreSettings, description="Where footage lies (SNOWLIGHT_STORE_*)."
    )

    evidence: EvidenceSettings = Field(
        default_factory=EvidenceSettings, description="Where exports lie (SNOWLIGHT_EVIDENCE_*)."
    )

    access: AccessSettings = Field(
        default_factory=AccessSettings,
        description="The door for public-security systems (SNOWLIGHT_ACCESS_*).",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.client_certificate_header and not self.behind_proxy:
            raise ValueError("client_certificate_header needs behind_proxy: else anybody could send it")
        if self.thumbnail_minutes and 240 % self.thumbnail_minutes:
            raise ValueError("thumbnail_minutes must divide 240, or be 0")
        return self
