"""What an export holds, for whoever receives it: `manifest.json` beside the footage."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from snowlight.errors import DataLossError

MANIFEST_NAME = "manifest.json"
Format = Literal["snowlight-evidence/1", "snowlight-evidence/2", "snowlight-evidence/3"]
FORMATS: Final[tuple[Format, ...]] = get_args(Format)
_UNKNOWN: Final[dict[Format, Any]] = {
    FORMATS[0]: {"exporter": True, "cameras": {"__all__": {"rendered", "clock"}}},
    FORMATS[1]: {"exporter": True, "cameras": {"__all__": {"clock"}}},
}
"""Fields that older formats do not have."""


def _check_file(value: str) -> str:
    parts = value.split("/")
    if not value or value.startswith("/") or any(part in ("", ".", "..") for part in parts) or "\\" in value:
        raise ValueError("must be a path below the manifest's folder")
    return value


def _check_instant(value: str) -> str:
    datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return value


Instant = Annotated[str, AfterValidator(_check_instant)]
"""RFC 3339, UTC, with milliseconds: `2026-11-26T08:30:00.000Z`."""
File = Annotated[str, AfterValidator(_check_file)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class EvidenceObject(_Part):
    """One recorded object, copied whole: it may begin before the window and end after it."""

    file: File
    """Relative to the manifest."""
    start: Instant
    end: Instant
    size: int = Field(ge=1)
    """Bytes."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    committed_sha256: str = Field(pattern=r"^([0-9a-f]{64})?$")
    """What the index was told when the object was recorded; empty when it had been rebuilt since, or had
    adopted the object. A hash found later is not told."""
    store: str
    key: str
    """Where it was recorded to."""
    epoch: int
    codecs: str
    """RFC 6381."""


class EvidenceGap(_Part):
    """A span of the window over a second long that was not recorded."""

    start: Instant
    end: Instant
    cause: str


class EvidenceSpan(_Part):
    """A part of the window."""

    start: Instant
    end: Instant


class RenderedPart(EvidenceSpan):
    """What was recorded without a hole, and where it begins in a rendered file."""

    offset_ms: int


class EvidenceRendering(_Part):
    """A file that plays everywhere, made of the camera's objects. Gaps are left out of it."""

    file: File
    """Relative to the manifest."""
    start: Instant
    end: Instant
    duration_ms: int
    """How long it plays."""
    size: int = Field(ge=1)
    """Bytes."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    codecs: str
    """RFC 6381."""
    reencoded: tuple[EvidenceSpan, ...]
    """Where the pictures are not those that were recorded, but encoded anew from them."""
    burnt_in: bool
    """Time of day and who exported were drawn into the pictures."""
    silent: bool
    """The camera's sound was left out."""
    parts: tuple[RenderedPart, ...] = Field(min_length=1)
    """In order. Between them lie gaps, which are declared with their causes."""


class EvidenceClock(_Part):
    """What the camera's own clock showed, by its RTCP sender reports (RFC 3550, 6.4.1)."""

    offset_ms: int
    """Less the cluster's clock: what the camera writes into its pictures is so much ahead."""
    measured: Instant
    """Before the export was asked for."""


class EvidenceExporter(_Part):
    """Who took it, beside the account that did."""

    person: str
    """Whom a system acted for: an officer's number. Empty: the account is a person's."""
    unit: str
    organisation: str
    """Of the account."""
    incident: str
    """What the system said that the person acts for; `case_number` is what the export is for."""


class EvidenceCamera(_Part):
    """One camera's part. Objects and gaps account for the whole window, but for holes up to a second."""

    uid: str
    objects: tuple[EvidenceObject, ...]
    gaps: tuple[EvidenceGap, ...]
    rendered: tuple[EvidenceRendering, ...] = ()
    """From format 2 on."""
    clock: EvidenceClock | None = None
    """From format 3 on; null: nobody knew what it showed."""


class Manifest(_Part):
    """Who took what, when and why."""

    format: Format = FORMATS[0]
    """1 knows no rendered files, 2 neither who took it beside the account nor cameras' clocks."""
    export: str
    """`exports/{id}`"""
    case_number: str
    reason: str
    created_by: str
    """The account: "principals/{id}", or what the administrator's tool was told."""
    exporter: EvidenceExporter | None = None
    """From format 3 on; null: nobody but the account is known."""
    create_time: Instant
    start: Instant
    end: Instant
    immutable: bool
    """The store that this was written to enforces that nothing changes before `retain_until`."""
    retain_until: Instant
    cameras: tuple[EvidenceCamera, ...] = Field(min_length=1)

    def objects(self) -> Iterator[EvidenceObject]:
        """Of all cameras."""
        for camera in self.cameras:
            yield from camera.objects

    def rendered(self) -> Iterator[EvidenceRendering]:
        """Of all cameras."""
        for camera in self.cameras:
            yield from camera.rendered

    @model_validator(mode="after")
    def _check(self) -> Self:
        needed = format_of(self.cameras, self.exporter)
        if FORMATS.index(needed) > FORMATS.index(self.format):
            raise ValueError(f"it has what is known from {needed} on")
        return self

    def to_bytes(self) -> bytes:
        """The file, in UTF-8."""
        return self.model_dump_json(indent=2, exclude=_UNKNOWN.get(self.format)).encode() + b"\n"


def format_of(cameras: Iterable[EvidenceCamera], exporter: EvidenceExporter | None) -> Format:
    """The oldest format that can tell all of it, so that older verifiers read what they can."""
    parts = tuple(cameras)
    if exporter is not None or any(camera.clock is not None for camera in parts):
        return FORMATS[2]
    return FORMATS[1] if any(camera.rendered for camera in parts) else FORMATS[0]


def parse_manifest(data: bytes) -> Manifest:
    """Raises DataLossError("evidence.manifest_malformed") naming the field."""
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise DataLossError("evidence.manifest_malformed", f"{field}: {first['msg']}", field=field) from None


def to_ms(value: str) -> int:
    """An Instant as ms since 1970 UTC."""
    parsed = datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    return int(parsed.timestamp()) * 1000 + parsed.microsecond // 1000
