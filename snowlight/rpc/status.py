"""Errors over gRPC: the tree's errors to `google.rpc.Status` and back (AIP-193)."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from google.protobuf import any_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from snowlight import errors
from snowlight.errors import SnowlightError
from snowlight.rpc.balancing import NO_RETRY

DOMAIN = "snowlight"
DETAILS_KEY = "grpc-status-details-bin"
_CLASS, _DETAIL = "class", "detail"

_CLASSES: dict[str, type[SnowlightError]] = {
    cls.__name__: cls
    for cls in vars(errors).values()
    if isinstance(cls, type) and issubclass(cls, SnowlightError)
}
_BY_GRPC_CODE: dict[grpc.StatusCode, type[SnowlightError]] = {
    cls.grpc_code: cls for cls in reversed(_CLASSES.values()) if cls is not errors.ExpiredError
}
_BY_GRPC_CODE[grpc.StatusCode.CANCELLED] = errors.UnavailableError
"""By the other side, which stopped: who gives a call up itself is told by no status."""


def to_trailing_metadata(error: SnowlightError) -> tuple[tuple[str, str | bytes], ...]:
    """ErrorInfo, with the field and the wait where known, as the `grpc-status-details-bin` trailer; and that
    the call is not to be made again, for this is its answer."""
    info = error_details_pb2.ErrorInfo(
        reason=error.code,
        domain=DOMAIN,
        metadata={**error.metadata, _CLASS: type(error).__name__, _DETAIL: error.detail},
    )
    details = [_pack(info)]
    if error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=error.field, description=error.detail or error.code, reason=error.code
        )
        details.append(_pack(error_details_pb2.BadRequest(field_violations=[violation])))
    if error.retry_after_s is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromSeconds(error.retry_after_s)
        details.append(_pack(retry))
    status = status_pb2.Status(
        code=code_pb2.Code.Value(error.grpc_code.name), message=str(error), details=details
    )
    return ((DETAILS_KEY, status.SerializeToString()), NO_RETRY)


@contextmanager
def remote_errors(peer: str) -> Iterator[None]:
    """Turn a failed call to `peer` ("services/storage") into the tree's error that the server raised."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise from_rpc_error(error, peer) from error


def from_rpc_error(error: grpc.aio.AioRpcError, peer: str) -> SnowlightError:
    """The error the server raised; UnavailableError and the like when it never answered."""
    for key, value in error.trailing_metadata() or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            found = _from_status(status_pb2.Status.FromString(value))
            if found is not None:
                return found
    cls = _BY_GRPC_CODE.get(error.code(), SnowlightError)
    # gRPC's own words name addresses, which are nobody's business outside; the error's cause keeps them.
    return cls(
        f"{peer.rpartition('/')[2]}.{error.code().name.lower()}", f"{peer} did not answer as it should"
    )


def http_status_of(code: int) -> int:
    """The HTTP status of a `google.rpc.Code` by itself."""
    for status, cls in _BY_GRPC_CODE.items():
        if status.value[0] == code:
            return cls.http_status
    return SnowlightError.http_status


def error_of(code: int, reason: str, detail: str, field: str) -> SnowlightError:
    """The error of a `google.rpc.Code` that an answer tells of one thing of many."""
    cls = next((cls for status, cls in _BY_GRPC_CODE.items() if status.value[0] == code), SnowlightError)
    return cls(reason, detail, field=field)


def _from_status(status: status_pb2.Status) -> SnowlightError | None:
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry_after_s: int | None = None
    found = False
    for detail in status.details:
        if detail.Is(error_details_pb2.ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
            found = info.domain == DOMAIN
        elif detail.Is(error_details_pb2.BadRequest.DESCRIPTOR):
            detail.Unpack(request)
        elif detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR):
            retry = error_details_pb2.RetryInfo()
            detail.Unpack(retry)
            retry_after_s = retry.retry_delay.ToSeconds()
    if not found:
        return None
    field = request.field_violations[0].field if request.field_violations else ""
    metadata = dict(info.metadata)
    cls = _CLASSES.get(metadata.pop(_CLASS, ""), SnowlightError)
    detail = metadata.pop(_DETAIL, "")
    return cls(info.reason, detail, field=field, retry_after_s=retry_after_s, metadata=metadata)


def _pack(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
