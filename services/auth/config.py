"""Auth's settings, `SNOWLIGHT_AUTH_*`."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from snowlight.config import Address, service_settings_config


class AuthSettings(BaseSettings):
    """What auth alone is told."""

    model_config = service_settings_config("auth")

    listen: Address = Field(default="127.0.0.1:7001", description="Where auth serves gRPC.")
    database_url: str | None = Field(
        default=None,
        repr=False,
        description="sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME. "
        "Unset: auth.db in data_dir.",
    )
    password_memory_kib: int = Field(
        default=65_536,
        ge=8_192,
        description="Memory that hashing a password takes (Argon2id, RFC 9106), KiB.",
    )
    notice_names: Literal["organisation", "person"] = Field(
        default="organisation",
        description="What owners are told of who looked: organisation, line and unit alone, or the person's "
        "name too.",
    )
