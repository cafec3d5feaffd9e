"""The object stores that hold recorded footage: local folders, or buckets of S3 or MinIO.

`obstore` moves the bytes; `snowlight.bucket_control` does what it cannot.
"""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self
from urllib.parse import SplitResult, unquote, urlsplit

from obstore.store import LocalStore, S3Store
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from snowlight.errors import FailedPreconditionError

if TYPE_CHECKING:  # an alias that obstore keeps in its type stubs only
    from obstore.store import ObjectStore

AWS_ENDPOINT = "https://s3.amazonaws.com"
EVIDENCE = "evidence"
"""The evidence store's name, which no store of footage may have."""


class StoreDescription(BaseModel):
    """One object store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(
        "default",
        pattern=r"^[a-z0-9][a-z0-9-]{0,30}$",
        description="The store's name in the index; never rename one in use.",
    )
    url: str | None = Field(None, description="s3://BUCKET or file:///FOLDER. Unset: data_dir/footage.")
    endpoint: str | None = Field(None, description="http(s)://HOST:PORT of MinIO or another S3. Unset: AWS.")
    access_key: str | None = Field(None, description="Access key of a bucket.")
    secret_key: SecretStr | None = Field(None, description="Secret key of a bucket.")
    region: str = Field("us-east-1", description="The bucket's region.")
    sign_payload: bool = Field(
        False,
        description="Sign bodies too, for a network that is not trusted. Costs four times the CPU of an "
        "upload.",
    )
    capacity_bytes: int = Field(
        0, ge=0, description="Footage it may hold, bytes. 0: unlimited; a folder is limited by its disk."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.url is None:
            return self
        url = urlsplit(self.url)
        if url.scheme == "file":
            if url.netloc or not url.path.startswith("/"):
                raise ValueError("url must be file:///FOLDER with an absolute path")
        elif url.scheme == "s3":
            if not url.netloc or url.path.strip("/"):
                raise ValueError("url must be s3://BUCKET")
            if not (self.access_key and self.secret_key):
                raise ValueError("s3 needs access_key and secret_key")
        else:
            raise ValueError("url must begin with file:// or s3://")
        if self.endpoint_url.scheme not in ("http", "https"):
            raise ValueError("endpoint must begin with http:// or https://")
        if "@" in self.endpoint_url.netloc:
            raise ValueError(
                "endpoint must be without user and password: access_key and secret_key are theirs"
            )
        return self

    @property
    def bucket(self) -> str | None:
        """The bucket's name; None for a folder."""
        url = urlsplit(self.url or "")
        return url.netloc if url.scheme == "s3" else None

    @property
    def endpoint_url(self) -> SplitResult:
        """Of a bucket: AWS, where nothing else is said."""
        return urlsplit(self.endpoint or AWS_ENDPOINT)

    @property
    def allow_http(self) -> bool:
        """The endpoint speaks plain HTTP."""
        return self.endpoint_url.scheme == "http"

    def folder(self, data_dir: Path) -> Path:
        """The folder of a store that is no bucket."""
        return Path(unquote(urlsplit(self.url).path)) if self.url else data_dir / "footage"


class ObjectStoreSettings(StoreDescription, BaseSettings):
    """Where footage lies (`SNOWLIGHT_STORE_*`): the same for ingest, storage and the gateway."""

    model_config = SettingsConfigDict(env_prefix="SNOWLIGHT_STORE_", frozen=True, extra="ignore")

    further_file: Path | None = Field(
        None,
        description="JSON file of further stores: a list of objects with the names of these settings, "
        "`name` and `url` at least.",
    )

    def by_name(self) -> dict[str, StoreDescription]:
        """All stores, this one first. Raises FailedPreconditionError when the file cannot be used."""
        stores: dict[str, StoreDescription] = {self.name: self}
        if self.name == EVIDENCE:
            raise FailedPreconditionError("config.store", f"no store of footage may be named {EVIDENCE}")
        for further in _read_stores(self.further_file) if self.further_file else []:
            if further.name in stores or further.name == EVIDENCE:
                raise FailedPreconditionError("config.store", f"a store is named {further.name} already")
            if further.url is None:
                raise FailedPreconditionError("config.store", f"store {further.name} has no url")
            stores[further.name] = further
        return stores


class EvidenceSettings(BaseSettings):
    """Where exports are copied to (`SNOWLIGHT_EVIDENCE_*`). What is unset is as in `SNOWLIGHT_STORE_*`."""

    model_config = SettingsConfigDict(env_prefix="SNOWLIGHT_EVIDENCE_", frozen=True, extra="ignore")

    url: str | None = Field(
        None,
        description="s3://BUCKET with object lock, or file:///FOLDER. Unset: the footage bucket's name and "
        "-evidence; for a folder data_dir/evidence.",
    )
    endpoint: str | None = Field(
        None, description="http(s)://HOST:PORT of the evidence bucket. Unset: as for footage."
    )
    access_key: str | None = Field(
        None, description="Access key of the evidence bucket. Unset: as for footage."
    )
    secret_key: SecretStr | None = Field(
        None, description="Secret key of the evidence bucket. Unset: as for footage."
    )
    region: str | None = Field(None, description="The evidence bucket's region. Unset: as for footage.")
    retain_days: int = Field(365, ge=1, le=36_500, description="How long evidence is locked, days.")
    lock_mode: Literal["COMPLIANCE", "GOVERNANCE"] = Field(
        "COMPLIANCE", description="COMPLIANCE: nobody can shorten it. GOVERNANCE: a privileged user can."
    )

    def store(self, footage: StoreDescription, data_dir: Path) -> StoreDescription:
        """The evidence store beside the default store of footage."""
        if footage.bucket is None:
            url = self.url or f"file://{(data_dir / 'evidence').absolute()}"
        else:
            url = self.url or f"s3://{footage.bucket}-evidence"
        return StoreDescription(
            name=EVIDENCE,
            url=url,
            endpoint=self.endpoint or footage.endpoint,
            access_key=self.access_key or footage.access_key,
            secret_key=self.secret_key or footage.secret_key,
            region=self.region or footage.region,
        )


def _read_stores(path: Path) -> list[StoreDescription]:
    try:
        return TypeAdapter(list[StoreDescription]).validate_json(path.read_bytes())
    except OSError as error:
        raise FailedPreconditionError("config.store", f"{path} cannot be read") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise FailedPreconditionError("config.store", f"{path}: {where}: {first['msg']}") from None


def open_stores(settings: ObjectStoreSettings, data_dir: Path) -> "dict[str, ObjectStore]":
    """All stores of `settings` by name, opened."""
    return {name: open_store(store, data_dir) for name, store in settings.by_name().items()}


def open_store(
    settings: StoreDescription, data_dir: Path, *, timeout_seconds: float = 60.0, retries: int = 3
) -> "ObjectStore":
    """The store of `settings`. Makes a local folder; asks nothing of a remote one, which may be away.

    A request that is not answered in `timeout_seconds` has failed; `retries` are made before anybody hears
    of a failure.
    """
    if settings.bucket is None:
        try:
            return LocalStore(settings.folder(data_dir).absolute(), mkdir=True, automatic_cleanup=True)
        except OSError as error:
            raise FailedPreconditionError("config.store", f"cannot make the folder: {error}") from error
    assert settings.secret_key is not None
    return S3Store(
        settings.bucket,
        endpoint=settings.endpoint or AWS_ENDPOINT,
        access_key_id=settings.access_key or "",
        secret_access_key=settings.secret_key.get_secret_value(),
        region=settings.region,
        virtual_hosted_style_request=False,
        unsigned_payload=not settings.sign_payload,  # the index keeps SHA-256 anyway
        client_options={
            "allow_http": settings.allow_http,
            "connect_timeout": "5s",
            "timeout": timedelta(seconds=timeout_seconds),
        },
        retry_config={"max_retries": retries, "retry_timeout": timedelta(seconds=60)},
    )
