"""Storage's settings, `SNOWLIGHT_STORAGE_*`."""

from pydantic import Field
from pydantic_settings import BaseSettings

from snowlight.config import Address, service_settings_config
from snowlight.object_store import ObjectStoreSettings


class StorageSettings(BaseSettings):
    """What storage alone is told."""

    model_config = service_settings_config("storage")

    listen: Address = Field("127.0.0.1:7003", description="Where storage serves gRPC.")
    database_url: str | None = Field(
        None,
        repr=False,
        description="sqlite+aiosqlite:///PATH or postgresql+asyncpg://USER:PASSWORD@HOST/NAME. "
        "Unset: storage.db in data_dir.",
    )
    grace_seconds: float = Field(
        1800.0, ge=0, description="From an expired segment's tombstone to the deletion of its object."
    )
    unpack_seconds: float = Field(
        900.0,
        ge=0,
        description="How much of a packed day expires before it is taken out of the day's index object.",
    )
    sweep_seconds: float = Field(300.0, gt=0, description="Pause between two sweeps for expired footage.")
    sweep_batch: int = Field(1000, ge=1, le=1000, description="Segments handled by one step of a sweep.")
    sweep_workers: int = Field(4, ge=1, le=64, description="Steps that delete at once, in each store.")
    sweep_pause_seconds: float = Field(0.01, ge=0, description="Rest between two full steps of a sweep.")
    ledger_days: int = Field(400, ge=1, description="How long the causes of gaps are kept, days.")
    quota_high_percent: float = Field(
        95.0,
        gt=0,
        le=100,
        description="Past this much of its capacity a store drops what is past its minimum days.",
    )
    quota_warn_days: float = Field(
        7.0, ge=0, description="A store that is full in fewer days at today's rate is told of as FILLING."
    )
    hold_release_by_second_person: bool = Field(
        True, description="Whoever created a hold may not release it."
    )
    pack_after_hours: float = Field(
        24.0, ge=1, description="From the end of a UTC day to its rows being packed into an index object."
    )
    pack_seconds: float = Field(
        3600.0, gt=0, description="Pause between two passes of the closer; late rows wait so long at least."
    )
    pack_pause_seconds: float = Field(0.05, ge=0, description="Rest between two camera-days being packed.")
    index_cache_bytes: int = Field(
        256 << 20, ge=0, description="Index objects of packed days held in memory, bytes."
    )
    store: ObjectStoreSettings = Field(
        default_factory=ObjectStoreSettings, description="Where footage lies (SNOWLIGHT_STORE_*)."
    )
