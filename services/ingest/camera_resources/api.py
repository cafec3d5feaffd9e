"""What is asked of the API server, as the JSON it speaks. Its refusals become Snowlight's errors."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from services.ingest.camera_resources.metrics import CameraResourceMetrics
from snowlight.errors import (
    AbortedError,
    DeadlineExceededError,
    ExpiredError,
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    SnowlightError,
    UnauthenticatedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from kubernetes.aio.client import ApiClient  # takes a second: only where it is used

Manifest = Mapping[str, Any]
"""An object of the API as JSON."""

PAGE = 500
"""Objects of a list that are asked for at a time."""
WATCH_SECONDS = 240
"""The server ends a watch after so long, and another begins where it was."""
ANSWER_SECONDS = 30.0
_MERGE_PATCH = "application/merge-patch+json"  # RFC 7386
_JSON_PATCH = "application/json-patch+json"  # RFC 6902

_ERRORS: Mapping[int, type[SnowlightError]] = {
    400: InvalidArgumentError,
    401: UnauthenticatedError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: AbortedError,
    410: ExpiredError,
    422: InvalidArgumentError,
    429: ResourceExhaustedError,
    504: DeadlineExceededError,
}


@dataclass(frozen=True, slots=True)
class Collection:
    """A kind of objects in one namespace. `selector`: of their labels; empty for all."""

    path: str
    selector: str = ""

    def of(self, name: str, subresource: str = "") -> str:
        """The path of one object."""
        return f"{self.path}/{name}" + (f"/{subresource}" if subresource else "")


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """`kind`: ADDED, MODIFIED, DELETED or BOOKMARK."""

    kind: str
    manifest: Manifest


class ResourceApi:
    """All calls raise UnavailableError while the API server is away, and the error of its answer else."""

    def __init__(self, client: ApiClient, metrics: CameraResourceMetrics) -> None:
        self._client = client
        self._metrics = metrics

    async def list(self, collection: Collection) -> tuple[Sequence[Manifest], str]:
        """All objects, and the version after which a watch goes on. Raises ExpiredError when the list has to
        begin anew."""
        items: list[Manifest] = []
        token = ""
        while True:
            query = [("limit", str(PAGE)), *_selected(collection)]
            if token:
                query.append(("continue", token))
            page = await self._ask("GET", collection.path, query)
            items += page.get("items") or []
            token = page["metadata"].get("continue", "")
            if not token:
                return items, str(page["metadata"]["resourceVersion"])

    async def watch(self, collection: Collection, version: str) -> AsyncIterator[WatchEvent]:
        """What changes after `version`, until the server ends it. Raises ExpiredError when `version` is too
        old."""
        query = [
            ("watch", "true"),
            ("resourceVersion", version),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", str(WATCH_SECONDS)),
            *_selected(collection),
        ]
        timeout = aiohttp.ClientTimeout(total=WATCH_SECONDS + ANSWER_SECONDS, connect=ANSWER_SECONDS)
        async with self._answer("GET", collection.path, query, within=timeout) as response:
            if response.status >= 400:
                raise _refusal(response.status, await response.read())
            async for line in response.content:
                if not line.endswith(b"\n"):
                    return  # the connection ended in the middle of it
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise _error(int(event["object"].get("code", 500)), event["object"].get("message", ""))
                yield WatchEvent(event["type"], event["object"])

    async def create(self, collection: Collection, manifest: Manifest) -> Manifest:
        """Make an object."""
        return await self._ask("POST", collection.path, [], manifest)

    async def patch(self, path: str, patch: Manifest) -> Manifest:
        """Merge `patch` into the object at `path` (RFC 7386)."""
        return await self._ask("PATCH", path, [], patch)

    async def operate(self, path: str, operations: Sequence[Manifest]) -> Manifest:
        """Do `operations` (RFC 6902) on the object at `path`. Raises InvalidArgumentError when a test of them
        fails; what others write of the object meanwhile does no harm."""
        return await self._ask("PATCH", path, [], operations)

    async def _ask(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        body: Manifest | Sequence[Manifest] | None = None,
    ) -> Manifest:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with self._answer(method, path, query, body, within=timeout) as response:
            data = await response.read()
            if response.status >= 400:
                raise _refusal(response.status, data)
            answer: Manifest = json.loads(data)
            return answer

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        body: Manifest | Sequence[Manifest] | None = None,
        *,
        within: aiohttp.ClientTimeout,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        headers = {"Accept": "application/json"}
        if method == "PATCH":
            headers["Content-Type"] = _MERGE_PATCH if isinstance(body, Mapping) else _JSON_PATCH
        request = await self._client.param_serialize(
            method, path, query_params=list(query), header_params=headers, auth_settings=["BearerToken"]
        )
        _, url, header_params, _, _ = request
        try:
            answer = await self._client.call_api(
                method, url, header_params, body=body, _request_timeout=within
            )
            response: aiohttp.ClientResponse = answer.response
            self._metrics.requests.labels(method, response.status).inc()
            async with response:
                yield response
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            self._metrics.requests.labels(method, 0).inc()
            raise UnavailableError(
                "kubernetes.unreachable", f"the API server does not answer: {type(error).__name__}"
            ) from error


def _selected(collection: Collection) -> list[tuple[str, str]]:
    return [("labelSelector", collection.selector)] if collection.selector else []


def _refusal(status: int, body: bytes) -> SnowlightError:
    try:
        message = str(json.loads(body).get("message", ""))
    except ValueError:
        message = ""
    return _error(status, message)


def _error(status: int, message: str) -> SnowlightError:
    kind = _ERRORS.get(status, UnavailableError if status >= 500 else FailedPreconditionError)
    return kind("kubernetes.refused", f"{status} {message[:500]}".strip())
