"""Auth's settings, `SNOWLIGHT_AUTH_*`."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
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
    policy_dir: Path | None = Field(
        default=None,
        description="Folder of the policies that decide (*.cedar, schema.cedarschema), checked at start. "
        "Unset: Snowlight's own (docs/rights.md).",
    )
    incident_number: re.Pattern[str] = Field(
        default=re.compile("[0-9]{4,}"),
        description="What a purpose must hold to name an incident, as a regular expression.",
    )
    password_memory_kib: int = Field(
        default=65_536,
        ge=8_192,
        description="Memory that hashing a password takes (Argon2id, RFC 9106), KiB.",
    )
    key_publish_seconds: int = Field(
        default=90,
        ge=10,
        le=86_400,
        description="How long a new signing key is published before it signs; the gateway's answer is kept "
        "for 60 s.",
    )
    signing_key_file: Path | None = Field(
        default=None,
        description="Ed25519 keys (PEM, PKCS#8). The first signs instead of keys of the database.",
    )
    oidc_file: Path | None = Field(
        default=None,
        description="Providers of OpenID Connect whose people may sign in, and what they are here (TOML or "
        "JSON).",
    )
    ticket_viewers: int = Field(
        default=3,
        ge=1,
        le=100,
        description="How many may watch with one ticket at once. A viewer is an address with a user agent, "
        "and counts for 15 seconds after each request.",
    )
    session_tickets: int = Field(
        default=256,
        ge=1,
        description="How many tickets of one sign-in may play at once: a wall of cameras. Of a system: of "
        "one officer for one incident.",
    )
    audit_days: int = Field(
        default=1095,
        description="Days that the audit is kept for, 183 at least; whole months that are older go.",
    )

    @field_validator("audit_days")
    @classmethod
    def _keep_half_a_year(cls, days: int) -> int:
        if not 183 <= days <= 36_500:
            raise ValueError(
                f"the audit is to be kept 183 days (half a year) at least and 36500 at most, not {days}"
            )
        return days

    notice_names: Literal["organisation", "person"] = Field(
        default="organisation",
        description="What owners are told of who looked: organisation, line and unit alone, or the person's "
        "name too.",
    )
