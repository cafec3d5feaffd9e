"""Objects of the API as JSON: what a test wants of every kind, known to the client's models or not."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp

Object = dict[str, Any]
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
_MOST_BYTES = 8 << 20
"""Of one event: an object is at most 1.5 MB in etcd."""


class RefusedError(Exception):
    """The API server's answer is an error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class KubernetesRest:
    """Requests by path, as `/api/v1/namespaces/default/pods/a`; an asynchronous context."""

    def __init__(self, url: str, token: str, authority: Path) -> None:
        self._url = url
        self._token = token
        self._authority = authority

    async def __aenter__(self) -> KubernetesRest:
        context = ssl.create_default_context(cafile=str(self._authority))
        self._session = aiohttp.ClientSession(
            self._url,
            headers={"Authorization": f"Bearer {self._token}"},
            connector=aiohttp.TCPConnector(ssl=context, limit=0),
            read_bufsize=_MOST_BYTES,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def get(self, path: str, **query: str) -> Object:
        """An object or a list. Raises RefusedError."""
        return await self.request("GET", path, query=query)

    async def items(self, path: str, **query: str) -> list[Object]:
        """The objects of a list. Raises RefusedError."""
        found: list[Object] = (await self.get(path, **query))["items"]
        return found

    async def exists(self, path: str) -> bool:
        """An object is there."""
        try:
            await self.get(path)
        except RefusedError as error:
            if error.status != 404:
                raise
            return False
        return True

    async def create(self, path: str, body: Mapping[str, Any], **query: str) -> Object:
        """Into the collection `path`. Raises RefusedError."""
        return await self.request("POST", path, body, query=query)

    async def patch(
        self, path: str, body: Mapping[str, Any], content_type: str = MERGE_PATCH, **query: str
    ) -> Object:
        """Change an object. Raises RefusedError."""
        return await self.request("PATCH", path, body, content_type, query)

    async def delete(self, path: str, body: Mapping[str, Any] | None = None, **query: str) -> Object:
        """Delete an object or a collection. Raises RefusedError."""
        return await self.request("DELETE", path, body, query=query)

    async def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
        query: Mapping[str, str] | None = None,
    ) -> Object:
        """The answer's object. Raises RefusedError, and aiohttp's ClientError where there is no server."""
        data = None if body is None else json.dumps(body).encode()
        async with self._session.request(
            method, path, data=data, params=query, headers={"Content-Type": content_type}
        ) as response:
            answer = await response.text()
            if response.status >= 400:
                raise RefusedError(response.status, _message(answer))
            result: Object = json.loads(answer)
            return result

    async def watch(self, path: str, **query: str) -> AsyncIterator[tuple[str, Object]]:
        """`ADDED` for all that is in the collection, then every change. Ends when the server ends it.

        Raises RefusedError, also for an event that is an error: 410 when the version is too old.
        """
        listed = await self.get(path, **query)
        for item in listed["items"]:
            yield "ADDED", item
        version = listed["metadata"]["resourceVersion"]
        params = {**query, "watch": "1", "resourceVersion": version}
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._session.get(path, params=params, timeout=timeout) as response:
            if response.status >= 400:
                raise RefusedError(response.status, _message(await response.text()))
            async for line in response.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise RefusedError(event["object"]["code"], event["object"]["message"])
                yield event["type"], event["object"]


def _message(answer: str) -> str:
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return answer[:400]
