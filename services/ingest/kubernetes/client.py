"""The API server of Kubernetes, asked for documents as they are, without a class for each kind.

The library is 23 MB of a process: it is loaded by `open_kubernetes` alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import aiohttp

from services.ingest.kubernetes.credentials import (
    OF_THIS_POD,
    LoadCredentials,
    ServiceAccount,
    load_credentials,
)
from services.ingest.kubernetes.metrics import KubernetesMetrics
from snowlight.errors import (
    AbortedError,
    ExpiredError,
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    ResourceExhaustedError,
    SnowlightError,
    UnauthenticatedError,
    UnavailableError,
)

if TYPE_CHECKING:
    from kubernetes.aio.client import ApiClient
    from kubernetes.aio.client.rest import RESTResponse

Document = dict[str, Any]
"""A Kubernetes object, or a list of them, as JSON has it."""
Manifest = Mapping[str, Any]
"""One that is only read."""

MERGE_PATCH = "application/merge-patch+json"  # RFC 7396
JSON_PATCH = "application/json-patch+json"  # RFC 6902

ANSWER_SECONDS = 10.0
"""Longer no answer is waited for."""
WATCH_SECONDS = 240
"""The server ends a watch after so long; it goes on with the next one."""
_SLACK_SECONDS = 15.0
CREDENTIALS_SECONDS = 60.0
"""So old at most are credentials that a file has: a pod's token is replaced while it is valid for minutes."""
LONGEST_PAUSE_SECONDS = 60.0
"""The server may ask for a longer one; it is asked again after this."""

_ERRORS: Mapping[int, type[SnowlightError]] = {
    400: InvalidArgumentError,
    401: UnauthenticatedError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: AbortedError,
    410: ExpiredError,
    422: InvalidArgumentError,
    429: ResourceExhaustedError,
}

OF_ALL_CALLS = (UnavailableError, UnauthenticatedError, PermissionDeniedError, ResourceExhaustedError)
"""Errors that are not of one object: another call of the kind would meet them too."""


@dataclass(frozen=True, slots=True)
class Event:
    """A change that a watch tells of."""

    kind: str
    """ADDED, MODIFIED, DELETED or BOOKMARK; of the last, only the resourceVersion is told."""
    document: Document

    @property
    def resource_version(self) -> str:
        """Where a watch goes on after this."""
        return str(self.document["metadata"]["resourceVersion"])


def path_of(
    group_version: str, resource: str, name: str = "", *, namespace: str = "", subresource: str = ""
) -> str:
    """The path of a resource. `group_version`: `v1` for the core group, else `apps/v1` and the like."""
    parts = ["api" if group_version == "v1" else "apis", *group_version.split("/")]
    if namespace:
        parts += ["namespaces", namespace]
    parts += [part for part in (resource, name, subresource) if part]
    return "/" + "/".join(quote(part, safe="") for part in parts)


def format_time(instant_ms: int) -> str:
    """As documents have an instant (ms since 1970 UTC): RFC 3339, in whole seconds."""
    return datetime.fromtimestamp(instant_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class KubernetesClient:
    """All calls raise the error of their status: NotFoundError, AbortedError (a conflict), ExpiredError (a
    watch that begins too long ago), PermissionDeniedError, ResourceExhaustedError with the seconds to wait,
    InvalidArgumentError for what the server refuses, and UnavailableError for all else. The code is
    `kubernetes.` and the reason that the server gave. Nothing is tried again here. Where the server has asked
    for a pause, all calls wait for its end; after a 401 the credentials are read anew.
    """

    def __init__(
        self, api: ApiClient, metrics: KubernetesMetrics, load: LoadCredentials | None = None
    ) -> None:
        """`load`: None for credentials that stay as they are."""
        self._api = api
        self._metrics = metrics
        self._load = load
        self._load_at = asyncio.get_running_loop().time() + CREDENTIALS_SECONDS
        self._paused_until = 0.0

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Document:
        """One object, or a list."""
        return await self._ask("GET", path, query)

    async def create(self, path: str, document: Document) -> Document:
        """The object as it is made. `path`: of the collection."""
        return await self._ask("POST", path, None, document)

    async def patch(self, path: str, change: Document | Sequence[Document]) -> Document:
        """The object as it is then. `change`: what to merge, or a list of operations. Conditional where it
        has a resourceVersion."""
        content = MERGE_PATCH if isinstance(change, dict) else JSON_PATCH
        return await self._ask("PATCH", path, None, change, content)

    async def watch(
        self,
        path: str,
        resource_version: str,
        query: Mapping[str, str] | None = None,
        on_begun: Callable[[], None] = lambda: None,
    ) -> AsyncGenerator[Event, None]:
        """Changes of a list since `resource_version`, with bookmarks, until the server ends the watch.
        `on_begun`: it has let it begin.

        Close it (`contextlib.aclosing`)."""
        told = {
            **(query or {}),
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(WATCH_SECONDS),
        }
        timeout = aiohttp.ClientTimeout(total=WATCH_SECONDS + _SLACK_SECONDS, sock_connect=ANSWER_SECONDS)
        answer = await self._send("GET", path, told, timeout=timeout)
        on_begun()
        try:
            async for line in answer.response.content:
                change = json.loads(line)
                if change["type"] == "ERROR":
                    raise _error(int(change["object"].get("code", 0)), change["object"], {})
                yield Event(change["type"], change["object"])
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise UnavailableError("kubernetes.watch_broken", type(error).__name__) from error
        finally:
            answer.response.close()

    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Document | Sequence[Document] | None = None,
        content: str = "application/json",
    ) -> Document:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        answer = await self._send(method, path, query, body, content, timeout=timeout)
        try:
            document: Document = json.loads(await answer.response.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise UnavailableError("kubernetes.unavailable", type(error).__name__) from error
        return document

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Document | Sequence[Document] | None = None,
        content: str = "application/json",
        *,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - of the library
    ) -> RESTResponse:
        await self._until_asked()
        await self._renew()
        configuration = self._api.configuration
        status = 0
        try:
            headers = {"Accept": "application/json", "Content-Type": content}
            for auth in (await configuration.auth_settings()).values():
                headers[auth["key"]] = auth["value"]
            url = f"{configuration.host}{path}" + (f"?{urlencode(query)}" if query else "")
            answer = await self._api.call_api(method, url, headers, body, _request_timeout=timeout)
            status = answer.status
            if status >= 300:
                error = _error(status, _status(await answer.response.read()), answer.headers)
                self._heed(error)
                raise error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnavailableError("kubernetes.unavailable", type(error).__name__) from error
        finally:
            self._metrics.requests.labels(method, str(status)).inc()
        return answer

    def _heed(self, error: SnowlightError) -> None:
        if isinstance(error, UnauthenticatedError):
            self._load_at = 0.0
        if isinstance(error, ResourceExhaustedError) and error.retry_after_s:
            pause_s = min(float(error.retry_after_s), LONGEST_PAUSE_SECONDS)
            self._paused_until = asyncio.get_running_loop().time() + pause_s

    async def _until_asked(self) -> None:
        """Return when the pause is over that the server has asked for."""
        loop = asyncio.get_running_loop()
        while (left_s := self._paused_until - loop.time()) > 0:  # noqa: ASYNC110 - another may be asked for
            await asyncio.sleep(left_s)

    async def _renew(self) -> None:
        """Have the credentials be those of now, once in a while or where they were refused."""
        now = asyncio.get_running_loop().time()
        if self._load is None or now < self._load_at:
            return
        await self._load()
        self._load_at = now + CREDENTIALS_SECONDS


@asynccontextmanager
async def open_kubernetes(
    kubeconfig: Path | None, metrics: KubernetesMetrics, account: ServiceAccount = OF_THIS_POD
) -> AsyncIterator[KubernetesClient]:
    """As `kubeconfig` says, or as the service account of this pod.

    Raises UnavailableError where neither is there.
    """
    from kubernetes.aio.client import ApiClient, Configuration

    configuration = Configuration()
    configuration.retries = False
    load = partial(load_credentials, configuration, kubeconfig, account)
    await load()
    try:
        api = ApiClient(configuration)
    except OSError as error:  # of the authority's certificate
        raise UnavailableError("kubernetes.not_configured", str(error)) from error
    async with api:
        yield KubernetesClient(api, metrics, load)


def _status(body: bytes) -> Document:
    """The server's word on what went wrong; proxies in between answer with something else."""
    try:
        told = json.loads(body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _error(status: int, told: Document, headers: Mapping[str, str]) -> SnowlightError:
    kind = _ERRORS.get(status, UnavailableError)
    reason = str(told.get("reason") or f"status_{status}")
    retry_after = headers.get("Retry-After", "")
    return kind(
        f"kubernetes.{reason}",
        str(told.get("message", ""))[:500],
        retry_after_s=int(retry_after) if retry_after.isdigit() else None,
    )
