"""Settings of the door for public-security systems (`SNOWLIGHT_ACCESS_*`)."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings

from snowlight.config import Address, service_settings_config


class AccessSettings(BaseSettings):
    """Where the door is, and whom it opens to. Shut unless `listen` is set."""

    model_config = service_settings_config("access")

    listen: Address | None = Field(
        None, description="HOST:PORT of the gateway's gRPC for public-security systems. Unset: there is none."
    )
    certificate: Path | None = Field(None, description="The door's certificate chain, PEM.")
    key: Path | None = Field(None, description="The certificate's private key, PEM.")
    client_ca: Path | None = Field(
        None,
        description="Who vouches for clients' certificates, PEM: a CA for this alone, not the cluster's.",
    )
    max_streams: int = Field(
        256, gt=0, description="Streaming calls that one client may have open at a gateway at once."
    )
    max_unary: int = Field(
        64, gt=0, description="Calls with one answer that one client may have open at a gateway at once."
    )
    connection_seconds: float = Field(
        300.0,
        gt=0,
        description="How long a connection takes new calls before its client connects again, to another "
        "gateway where there are several. Calls that run go on.",
    )
    rate_quota: int = Field(
        500, gt=0, description="Calls that one client may begin at once, and again in each window."
    )
    rate_window_seconds: float = Field(10.0, gt=0, description="The window of rate_quota.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.listen is not None and None in (self.certificate, self.key, self.client_ca):
            raise ValueError(
                "SNOWLIGHT_ACCESS_LISTEN needs SNOWLIGHT_ACCESS_CERTIFICATE, SNOWLIGHT_ACCESS_KEY and "
                "SNOWLIGHT_ACCESS_CLIENT_CA"
            )
        return self
