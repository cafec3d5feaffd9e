"""Errors as RFC 6749 section 5.2 tells them, beside the problem's own members."""

from aiohttp import web

from services.gateway.http.problems import problem, problem_of
from services.gateway.people.client_auth import uses_basic
from snowlight.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    PermissionDeniedError,
    SnowlightError,
    UnauthenticatedError,
)

OAUTH_ERRORS = (
    FailedPreconditionError,
    InvalidArgumentError,
    PermissionDeniedError,
    UnauthenticatedError,
)
"""What the caller is to mend."""
_NAMES = frozenset(
    {
        "invalid_grant",
        "unauthorized_client",
        "authorization_pending",  # these four: RFC 8628 section 3.5
        "slow_down",
        "access_denied",
        "expired_token",
    }
)


def oauth_problem(request: web.Request, error: SnowlightError) -> web.Response:
    """The answer to a refused request of the token endpoint and its neighbours."""
    name = error.code.removeprefix("auth.")
    if name == "invalid_client":
        response = problem(401, error.code, error.detail, extra=_members(name, error.detail))
        # RFC 6749 section 5.2: the scheme that the client has used.
        response.headers["WWW-Authenticate"] = (
            'Basic realm="snowlight", charset="UTF-8"' if uses_basic(request) else "Bearer"
        )
        return response
    if name in _NAMES:
        return problem(400, error.code, error.detail, extra=_members(name, error.detail))
    if isinstance(error, InvalidArgumentError):
        unsupported = error.field == "grant_type" and error.code != "request.required"
        name = "unsupported_grant_type" if unsupported else "invalid_request"
        return problem_of(error, extra=_members(name, error.detail))
    return problem_of(error)


def _members(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}
