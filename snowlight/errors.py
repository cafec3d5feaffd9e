"""The one error tree. Each class knows its gRPC code and its HTTP status.

An error carries a stable `code` ("camera.auth_failed"), a sentence for people and, for bad input, the
name of the field. Nothing secret may be put into any of them: they are told to callers and written to logs.
"""

from collections.abc import Mapping
from typing import ClassVar

import grpc


class SnowlightError(Exception):
    """Root of all errors that Snowlight raises on purpose."""

    grpc_code: ClassVar[grpc.StatusCode] = grpc.StatusCode.INTERNAL
    http_status: ClassVar[int] = 500

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        field: str = "",
        retry_after_s: int | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self.field = field
        self.retry_after_s = retry_after_s
        """Seconds until a retry may succeed, where that is known."""
        self.metadata = dict(metadata or {})
        """What a service that calls needs to know beside the code, by name; people are told none of it."""


class InvalidArgumentError(SnowlightError):
    """The request is malformed; `field` names what to mend."""

    grpc_code = grpc.StatusCode.INVALID_ARGUMENT
    http_status = 400


class UnauthenticatedError(SnowlightError):
    """No credentials, or credentials that do not verify."""

    grpc_code = grpc.StatusCode.UNAUTHENTICATED
    http_status = 401


class PermissionDeniedError(SnowlightError):
    """Credentials verify, and the right is missing."""

    grpc_code = grpc.StatusCode.PERMISSION_DENIED
    http_status = 403


class NotFoundError(SnowlightError):
    """No such resource."""

    grpc_code = grpc.StatusCode.NOT_FOUND
    http_status = 404


class AlreadyExistsError(SnowlightError):
    """The id is taken."""

    grpc_code = grpc.StatusCode.ALREADY_EXISTS
    http_status = 409


class RequestReusedError(AlreadyExistsError):
    """Another request has used the id that is to make this one safe to repeat."""

    http_status = 422


class AbortedError(SnowlightError):
    """Somebody else changed the resource first: read it again and retry."""

    grpc_code = grpc.StatusCode.ABORTED
    http_status = 409


class ExpiredError(SnowlightError):
    """What was presented was valid once."""

    grpc_code = grpc.StatusCode.FAILED_PRECONDITION
    http_status = 410


class FailedPreconditionError(SnowlightError):
    """The system's state forbids it; retrying alone will not help."""

    grpc_code = grpc.StatusCode.FAILED_PRECONDITION
    http_status = 412


class ResourceExhaustedError(SnowlightError):
    """A limit was reached, or a reader was too slow."""

    grpc_code = grpc.StatusCode.RESOURCE_EXHAUSTED
    http_status = 429


class UnavailableError(SnowlightError):
    """A part that is needed is away; a retry may succeed."""

    grpc_code = grpc.StatusCode.UNAVAILABLE
    http_status = 503


class DeadlineExceededError(SnowlightError):
    """A part that is needed did not answer in time."""

    grpc_code = grpc.StatusCode.DEADLINE_EXCEEDED
    http_status = 504


class DataLossError(SnowlightError):
    """Stored bytes are not what they should be."""

    grpc_code = grpc.StatusCode.DATA_LOSS
    http_status = 500
