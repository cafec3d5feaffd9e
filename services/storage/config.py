"""Storage's settings, `SNOWLIGHT_STORAGE_*`."""

from pydantic import Field
from pydantic_settings import BaseSettings

from snowlight.config import Address, service_settings_config
from snowlight.object_store import EvidenceSettings, ObjectStoreSettings


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
    probe_seconds: float = Field(5.0, gt=0, description="Pause between two looks at a store's mark.")
    catalogue_seconds: float = Field(
        2.0,
        gt=0,
        description="How long a change may wait until it is kept beside the footage; a hold does not.",
    )
    reconcile_hours: float = Field(
        20.0, gt=0, le=24, description="Within so many hours bucket and index are compared once, all of it."
    )
    reconcile_first_seconds: float = Field(
        60.0, ge=0, description="From the start to the first comparison, seconds."
    )
    reconcile_grace_seconds: float = Field(
        7200.0, ge=0, description="How old an object without a row must be to be adopted or set aside."
    )
    reconcile_hash_bytes_per_second: int = Field(
        2 << 20, ge=0, description="What may be read to find hashes that a rebuilt index lacks, bytes/s."
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
    ledger_days: int = Field(
        400, ge=1, description="How long the causes of gaps and the integrity of days are kept, days."
    )
    integrity_seconds: float = Field(
        600.0, gt=0, description="Pause between two looks for days whose integrity is to be computed."
    )
    quota_high_percent: float = Field(
        95.0,
        gt=0,
        le=100,
        description="Past this much of its capacity a store drops what is past its minimum days.",
    )
    quota_warn_days: float = Field(
        7.0, ge=0, description="A store that is full in fewer days at today's rate is told of as FILLING."
    )
    export_wait_seconds: float = Field(
        300.0,
        ge=0,
        description="How long an export waits for footage that may still lie in a spool, seconds.",
    )
    export_rendered_days: float = Field(
        7.0, gt=0, description="How long the rendered files of an export are kept. Its copies stay locked."
    )
    erase_seconds: float = Field(
        60.0,
        gt=0,
        description="Pause between two looks whether what keeps footage from being erased has let go, and "
        "whether some came late.",
    )
    hold_release_by_second_person: bool = Field(
        True, description="Whoever created a hold may not release it."
    )
    store: ObjectStoreSettings = Field(
        default_factory=ObjectStoreSettings, description="Where footage lies (SNOWLIGHT_STORE_*)."
    )
    evidence: EvidenceSettings = Field(
        default_factory=EvidenceSettings, description="Where exports go (SNOWLIGHT_EVIDENCE_*)."
    )
