"""Settings that every process of a cluster shares. Frozen, and read only in `__main__`.

Each service adds its own class of the same style with its own prefix (`SNOWLIGHT_INGEST_`, ...).
"""

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
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


_ENDPOINT = re.compile(
    r"(?:(?P<scheme>https?)://)?(?P<address>(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5})/?"
)
_HEADERS = re.compile(r"(?:[a-z0-9_.-]+=[\x21-\x2b\x2d-\x7e]+(?:,(?!$)|$))*")


class TracingSettings(BaseSettings):
    """Where spans of requests are sent (OTLP over gRPC)."""

    model_config = SettingsConfigDict(env_prefix="SNOWLIGHT_TRACING_", frozen=True, extra="ignore")

    endpoint: str | None = Field(
        None,
        pattern=_ENDPOINT.pattern.join(("^", "$")),
        description="HOST:PORT of an OpenTelemetry collector, with `https://` before it for TLS. Unset: no "
        "spans are made.",
    )
    sample_ratio: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of requests that is collected, where the proxy in front does not say which.",
    )
    ca: Path | None = Field(
        None, description="Who vouches for the collector (PEM). Unset: whom the system trusts."
    )
    headers: SecretStr | None = Field(
        None, description="What the collector wants to be told: `name=value,name=value`, such as a token."
    )

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str | None) -> str | None:
        if value is not None and (found := _ENDPOINT.fullmatch(value)):
            _check_address(found["address"])
        return value

    @field_validator("headers")
    @classmethod
    def _check_headers(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _HEADERS.fullmatch(value.get_secret_value()):
            raise ValueError("headers are name=value,name=value, names in lower case")
        return value

    @model_validator(mode="after")
    def _check_ca(self) -> Self:
        if self.ca is not None and self.endpoint is not None and not self.is_encrypted():
            raise ValueError("SNOWLIGHT_TRACING_CA needs a SNOWLIGHT_TRACING_ENDPOINT with https://")
        return self

    def address(self) -> str:
        """HOST:PORT of the endpoint."""
        found = _ENDPOINT.fullmatch(self.endpoint or "")
        return found["address"] if found else ""

    def is_encrypted(self) -> bool:
        """Whether the collector is reached by TLS."""
        return (self.endpoint or "").startswith("https:")

    def metadata(self) -> tuple[tuple[str, str], ...]:
        """The headers as gRPC takes them."""
        told = self.headers.get_secret_value() if self.headers else ""
        pairs = (pair.partition("=") for pair in told.split(",") if pair)
        return tuple((name, value) for name, _, value in pairs)


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
