"""Between the contract's messages and auth's model."""

from google.protobuf.timestamp_pb2 import Timestamp

from services.auth.model import (
    CameraFacts,
    Jurisdiction,
    Kind,
    Level,
    Line,
    Ownership,
    Principal,
    Region,
    Role,
)
from services.auth.region_codes import check_code
from services.auth.validation import check_text, invalid, region_code
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


def window_of(
    request: auth_pb2.AuthorizeRequest | auth_pb2.CreateTicketRequest | auth_pb2.ExplainDecisionRequest,
) -> tuple[int | None, int | None]:
    """Start and end of the footage that a request names, in ms since 1970 UTC."""
    return (
        to_ms(request.start, "start") if request.HasField("start") else None,
        to_ms(request.end, "end") if request.HasField("end") else None,
    )


def camera_facts(message: auth_pb2.CameraFacts) -> CameraFacts:
    """What rights depend on of a camera that is not registered yet. Raises InvalidArgumentError."""
    try:
        ownership = Ownership(message.ownership) if message.ownership else None
    except ValueError as error:
        raise invalid("ownership", f"must be one of {', '.join(Ownership)}") from error
    return CameraFacts(
        uid="-",
        region=check_code(region_code(message.region, "region"), "region"),
        ownership=ownership,
        owner=check_text(message.owner, "owner", max_length=200),
        listed_for_residents=message.listed_for_residents,
        operator=check_text(message.operator, "operator", max_length=200),
    )


def to_kind(value: auth_pb2.PrincipalKind.ValueType) -> Kind:
    """None means a person. Raises InvalidArgumentError("kind") for one that does not exist."""
    if value == auth_pb2.PRINCIPAL_KIND_UNSPECIFIED:
        return Kind.PERSON
    try:
        return Kind(auth_pb2.PrincipalKind.Name(value).lower())
    except ValueError as error:
        raise invalid("kind", f"must be one of {', '.join(kind.name for kind in Kind)}") from error


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
        scope=principal.scope_name,
        disabled=principal.disabled,
        create_time=to_timestamp(principal.create_ms),
        kind=auth_pb2.PrincipalKind.Value(principal.kind.name),
        tier=auth_pb2.RegionLevel.ValueType(principal.tier),
        etag=str(principal.version),
    )


def jurisdiction_message(jurisdiction: Jurisdiction) -> auth_pb2.Jurisdiction:
    """The jurisdiction as told to callers."""
    return auth_pb2.Jurisdiction(
        name=jurisdiction.name,
        display_name=jurisdiction.display_name,
        region=f"regions/{jurisdiction.region}",
        regions=[f"regions/{code}" for code in sorted(jurisdiction.regions)],
        camera_uids=sorted(jurisdiction.cameras),
        members=sorted(jurisdiction.members),
        reason=jurisdiction.reason,
        expire_time=None if jurisdiction.expire_ms is None else to_timestamp(jurisdiction.expire_ms),
        create_time=to_timestamp(jurisdiction.create_ms),
        etag=str(jurisdiction.version),
    )
