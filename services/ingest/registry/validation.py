"""What a camera must look like before it is registered. Every refusal names the field."""

import math
import re
import unicodedata
from collections.abc import Iterable

from services.ingest.publishing.address import SOURCE_URL
from services.ingest.sources.address import Address, parse_address
from services.ingest.sources.source import SourceError
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError
from snowlight.schedule import Schedule

SCHEMES = ("rtsp", "rtsp+udp", "rtmp", "http", "https", "file")
DEFAULT_CLASS = 3
DEFAULT_OWNERSHIP = camera_pb2.COLLECTIVE

MUTABLE = (
    "display_name",
    "region",
    "source_url",
    "sub_source_url",
    "camera_class",
    "ownership",
    "owner",
    "managing_unit",
    "operator",
    "location",
    "listed_for_residents",
    "audio",
    "enabled",
    "schedule",
    "retention_days",
    "dossier",
)
"""Fields of a camera that callers write."""

OUTPUT_ONLY = (
    "name",
    "uid",
    "etag",
    "state",
    "state_reason",
    "create_time",
    "update_time",
    "owner_time",
    "revision",
)
"""Fields that callers cannot write; naming one in a mask changes nothing (AIP-203)."""

_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_REGION = re.compile(r"regions/([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}[0-9A-Za-z-]{0,20})")
_AT_BEHIND_AUTHORITY = re.compile(r"://[^/?]*[/?].*@")  # most likely the end of a password
_MAX_URL = 2048
_MAX_TEXT = 200
_MAX_DOSSIER_ENTRIES = 64
_MAX_DOSSIER_KEY = 64
_MAX_DOSSIER_VALUE = 1024
_MAX_DOSSIER_BYTES = 16 << 10


def invalid(field: str, detail: str) -> InvalidArgumentError:
    """The refusal of one field."""
    return InvalidArgumentError("request.invalid", detail, field=field)


def check_camera(camera: camera_pb2.Camera) -> camera_pb2.Camera:
    """A copy of `camera` with defaults filled in. Raises InvalidArgumentError naming the first bad field."""
    checked = camera_pb2.Camera()
    checked.CopyFrom(camera)
    checked.camera_class = camera.camera_class or DEFAULT_CLASS
    checked.ownership = camera.ownership or DEFAULT_OWNERSHIP
    for field in ("display_name", "owner", "managing_unit", "operator"):
        _check_text(field, getattr(checked, field), _MAX_TEXT)
    check_region(checked.region)
    check_source_url("source_url", checked.source_url)
    if checked.sub_source_url:
        check_source_url("sub_source_url", checked.sub_source_url)
    _check_range("camera_class", checked.camera_class, 1, 3)
    _check_range("retention_days", checked.retention_days, 0, 3650)  # 0: as policy says
    if checked.ownership not in camera_pb2.Ownership.values():
        raise invalid("ownership", "must be PUBLIC, COLLECTIVE, BUSINESS or HOUSEHOLD")
    if checked.HasField("location"):
        _check_range("location.latitude", checked.location.latitude, -90, 90)
        _check_range("location.longitude", checked.location.longitude, -180, 180)
    _check_text("schedule", checked.schedule, _MAX_TEXT)
    Schedule.parse(checked.schedule)
    _check_dossier(checked)
    return checked


def check_id(camera_id: str) -> str:
    """The id of a camera to be made."""
    if not _ID.fullmatch(camera_id):
        raise invalid(
            "camera_id", "must be 1 to 63 lower-case letters, digits and inner hyphens, such as gate-3"
        )
    return camera_id


def id_of(name: str) -> str:
    """The id in "cameras/{id}"."""
    collection, _, camera_id = name.partition("/")
    if collection != "cameras" or not _ID.fullmatch(camera_id):
        raise invalid("name", "must be cameras/{id}")
    return camera_id


def check_region(region: str) -> str:
    """A region's name; whether it exists is for auth to know."""
    if not _REGION.fullmatch(region):
        raise invalid(
            "region",
            "must be regions/ and 2, 4, 6, 9 or 12 digits, below a village followed by a local code, "
            "such as regions/421381",
        )
    return region


def check_source_url(field: str, url: str) -> Address:
    """The parts of a source's URL. The refusal never repeats the URL, which may hold a password."""
    if not url:
        raise invalid(field, "is required")
    if len(url) > _MAX_URL:
        raise invalid(field, f"is longer than {_MAX_URL} characters")
    try:
        address = parse_address(url)
    except SourceError as error:
        raise invalid(field, error.detail) from error
    if field == "source_url" and address.url == SOURCE_URL:
        return address
    if address.scheme not in SCHEMES:
        choices = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise invalid(
            field, f"must begin with one of {choices}, or be {SOURCE_URL} for a camera that publishes"
        )
    if "#" in url or _AT_BEHIND_AUTHORITY.search(url):
        raise invalid(field, "has an unescaped /, ?, # or @: write it as %2F, %3F, %23 or %40")
    if (address.scheme == "file") == bool(address.host):
        raise invalid(field, "must be file:///PATH" if address.scheme == "file" else "names no host")
    return address


def check_mask(paths: Iterable[str], given: camera_pb2.Camera) -> list[str]:
    """The fields that an update writes: those of the mask, all for "*", those that are set for none."""
    wanted = list(paths)
    if not wanted:
        return [field.name for field, _ in given.ListFields() if field.name in MUTABLE]
    if wanted == ["*"]:
        return list(MUTABLE)
    for path in wanted:
        if path not in MUTABLE and path not in OUTPUT_ONLY:
            raise invalid("update_mask", f"{path[:64]!r} is no field of a camera")
    return [path for path in wanted if path in MUTABLE]


def _check_range(field: str, value: float, low: int, high: int) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise invalid(field, f"must be {low} to {high}")


def _check_text(field: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise invalid(field, f"is longer than {limit} characters")
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise invalid(field, "holds control characters")


def _check_dossier(camera: camera_pb2.Camera) -> None:
    if len(camera.dossier) > _MAX_DOSSIER_ENTRIES:
        raise invalid("dossier", f"has more than {_MAX_DOSSIER_ENTRIES} entries")
    for key, value in camera.dossier.items():
        if not key:
            raise invalid("dossier", "has an entry without a name")
        _check_text("dossier", key, _MAX_DOSSIER_KEY)
        if len(value) > _MAX_DOSSIER_VALUE:
            raise invalid("dossier", f"has a value longer than {_MAX_DOSSIER_VALUE} characters")
    size = sum(len(key.encode()) + len(value.encode()) for key, value in camera.dossier.items())
    if size > _MAX_DOSSIER_BYTES:
        raise invalid("dossier", f"is larger than {_MAX_DOSSIER_BYTES} bytes")
