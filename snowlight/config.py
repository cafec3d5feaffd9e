"""Settings that every process of a cluster shares. Frozen, and read only in `__main__`.

Each service adds its own class of the same style with its own prefix (`SNOWLIGHT_INGEST_`, ...).
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


def service_settings_config(service: str) -> SettingsConfigDict:
    """The one style of a service's settings: `SNOWLIGHT_{SERVICE}_*`, frozen, unknown ones ignored."""
    return SettingsConfigDict(env_prefix=f"SNOWLIGHT_{service.upper()}_", frozen=True, extra="ignore")


def _check_address(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (colon and host and port.isdigit() and int(port) < 65536):
        raise ValueError(f"{value!r} is not HOST:PORT")
    return value


Address = Annotated[str, AfterValidator(_check_address)]
"""`HOST:PORT`; port 0 lets the operating system choose where something listens."""


class TlsSettings(BaseSettings):
    """Mutual TLS between services (PEM files, read again once they change): all three are set, or none."""

    model_config = SettingsConfigDict(env_prefix="SNOWLIGHT_TLS_", frozen=True, extra="ignore")

    certificate: Path | None = Field(None, description="This process's certificate chain.")
    key: Path | None = Field(None, description="The certificate's private key.")
    ca: Path | None = Field(None, description="Whose certificates peers must present.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len({self.certificate is None, self.key is None, self.ca is None}) > 1:
            raise ValueError(
                "set SNOWLIGHT_TLS_CERTIFICATE, SNOWLIGHT_TLS_KEY and SNOWLIGHT_TLS_CA, or none of them"
            )
        return self


class ClusterSettings(BaseSettings):
    """What every process of one cluster is told alike (`SNOWLIGHT_*`)."""

    model_config = SettingsConfigDict(env_prefix="SNOWLIGHT_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("var"), description="Where the embedded default keeps everything it keeps.")
    cluster_key: SecretStr | None = Field(
        None, description="At least 32 characters, the same for all services. Unset: a file in data_dir."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")
    time_zone: str = Field("Asia/Shanghai", description="Time zone of reports and of the console.")
    auth_address: Address = Field("127.0.0.1:7001", description="Where peers reach auth.")
    ingest_address: Address = Field("127.0.0.1:7002", description="Where peers reach ingest.")
    storage_address: Address = Field("127.0.0.1:7003", description="Where peers reach storage.")
    admin_listen: Address = Field("127.0.0.1:9090", description="/healthz, /readyz and /metrics.")
    allow_plaintext: bool = Field(False, description="Let gRPC without TLS leave the loopback interface.")
    drain_seconds: float = Field(10.0, ge=0, description="How long running calls may go on at a stop.")
