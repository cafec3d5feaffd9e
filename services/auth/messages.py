"""Between the contract's messages and auth's model."""

from google.protobuf.timestamp_pb2 import Timestamp

from services.auth.model import Level, Line, Principal, Region, Role
from services.auth.validation import invalid
from snowlight.api.auth.v1 import auth_pb2

_MAX_SECONDS = 253_402_300_799  # 9999-12-31T23:59:59Z, the last that RFC 3339 can write


def to_ms(timestamp: Timestamp, field: str) -> int:
    """ms since 1970 UTC. Raises InvalidArgumentError for an instant before 1970 or after 9999."""
    if not (0 <= timestamp.seconds <= _MAX_SECONDS and 0 <= timestamp.nanos < 1_000_000_000):
        raise invalid(field, "must lie between 1970 and 9999")
    return timestamp.seconds * 1000 + timestamp.nanos // 1_000_000


def to_timestamp(ms: int) -> Timestamp:
    """The message for ms since 1970 UTC."""
    return Timestamp(seconds=ms // 1000, nanos=ms % 1000 * 1_000_000)


def to_level(value: auth_pb2.RegionLevel.ValueType) -> Level:
    """Raises InvalidArgumentError("level") for none and for one that does not exist."""
    try:
        return Level(value)
    except ValueError as error:
        raise invalid("level", "must be a level from PROVINCE to HOUSEHOLD_REGION") from error


def to_line(value: auth_pb2.Line.ValueType) -> Line:
    """Raises InvalidArgumentError("line") for none and for one that does not exist."""
    try:
        return Line(auth_pb2.Line.Name(value).lower())
    except ValueError as error:
        raise invalid("line", f"must be one of {', '.join(line.name for line in Line)}") from error


def to_role(value: auth_pb2.Role.ValueType) -> Role:
    """Raises InvalidArgumentError("roles") for one that does not exist."""
    try:
        return Role(auth_pb2.Role.Name(value).lower())
    except ValueError as error:
        raise invalid("roles", f"must be among {', '.join(role.name for role in Role)}") from error


def region_message(region: Region) -> auth_pb2.Region:
    """The region as told to callers."""
    return auth_pb2.Region(
        name=f"regions/{region.code}",
        parent=f"regions/{region.parent}" if region.parent else "",
        level=auth_pb2.RegionLevel.ValueType(region.level),
        display_name=region.display_name,
        valid_from=to_timestamp(region.valid_from_ms),
        valid_to=None if region.valid_to_ms is None else to_timestamp(region.valid_to_ms),
        households=region.households,
        population=region.population,
    )


def principal_message(principal: Principal) -> auth_pb2.Principal:
    """The principal as told to callers."""
    return auth_pb2.Principal(
        name=principal.name,
        username=principal.username,
        display_name=principal.display_name,
        organisation=principal.organisation,
        line=auth_pb2.Line.Value(principal.line.name),
        roles=sorted(auth_pb2.Role.Value(role.name) for role in principal.roles),
        scope=f"regions/{principal.scope}",
        disabled=principal.disabled,
        create_time=to_timestamp(principal.create_ms),
    )
