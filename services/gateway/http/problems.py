"""Errors as `application/problem+json` (RFC 9457), told by one middleware."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from services.gateway.http.edges import route_of
from snowlight.errors import DataLossError, SnowlightError, UnauthenticatedError, UnavailableError
from snowlight.observability.trace_context import current_trace

log = structlog.get_logger(__name__)

RETRY_AFTER_S = 2

_HTTP_DETAILS = {
    404: "there is nothing at this path",
    405: "this path does not take that method",
    408: "the request body did not come in time",
    413: "the request body is too long",
}


def problem(
    status: int,
    code: str,
    detail: str = "",
    *,
    field: str = "",
    retry_after_s: int | None = None,
    extra: dict[str, Any] | None = None,
) -> web.Response:
    """A problem document; its `instance` names the request by the id it has in the logs. `retry_after_s` goes
    into Retry-After (RFC 9110 section 10.2.3); `extra` members are added as they are (RFC 9457 section 3.2).
    """
    body = problem_json(status, code, detail, field)
    if (trace := current_trace()) is not None:
        body["instance"] = f"urn:snowlight:request:{trace.trace_id}"
    response = web.Response(
        body=json.dumps(body | (extra or {}), ensure_ascii=False).encode(),
        status=status,
        content_type="application/problem+json",
        headers={"Cache-Control": "no-store"},
    )
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status == 503 and retry_after_s is None:
        retry_after_s = RETRY_AFTER_S
    if retry_after_s is not None:
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def problem_json(status: int, code: str, detail: str, field: str) -> dict[str, Any]:
    """The members of a problem document."""
    body: dict[str, Any] = {
        "type": f"urn:snowlight:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    return body | ({"field": field} if field else {})


def problem_of(error: SnowlightError, *, extra: dict[str, Any] | None = None) -> web.Response:
    """The problem document of an error of the tree."""
    return problem(
        error.http_status,
        error.code,
        error.detail,
        field=error.field,
        retry_after_s=error.retry_after_s,
        extra=extra,
    )


def problems(fallback: Callable[[web.Request], web.Response | None]) -> Middleware:
    """The middleware. `fallback` may answer a path that no route knows: the console's pages."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except SnowlightError as error:
            if isinstance(error, DataLossError) or type(error) is SnowlightError:
                log.error("http.failed", route=route_of(request), error=str(error))
            return problem_of(error)
        except web.HTTPException as error:
            return (fallback(request) if error.status == 404 else None) or _of_http(error)
        except web.RequestPayloadError:  # quotes the body
            return problem(400, "request.body", "the body is not encoded as its headers say")
        except TimeoutError:
            return problem_of(UnavailableError("gateway.timeout", "a part that is needed did not answer"))
        except Exception:
            log.error("http.failed", route=route_of(request), exc_info=True)
            return problem(500, "internal", "internal error")

    return middleware


def bearer_token(request: web.Request) -> str:
    """The request's access token (RFC 6750 section 2.1). Raises UnauthenticatedError when there is none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthenticatedError("auth.token_missing", "an access token is required: Authorization: Bearer")
    if not token.isascii():
        raise UnauthenticatedError("auth.token_invalid", "this is not a token")
    return token.strip()


def _of_http(error: web.HTTPException) -> web.Response:
    code = f"http.{HTTPStatus(error.status).name.lower()}"
    response = problem(error.status, code, _HTTP_DETAILS.get(error.status, error.reason))
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response
