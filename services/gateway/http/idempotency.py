"""Creations that may be repeated (draft-ietf-httpapi-idempotency-key-header): honoured, never demanded.

No gateway remembers any. The key, and a fingerprint of what is asked for, go to the service that creates,
which keeps them beside what it makes: whichever gateway is asked again, after whatever restart, it answers
with that.
"""

from __future__ import annotations

import hmac
import json
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from google.protobuf.message import Message

from services.gateway.http.routes import Parameter
from snowlight.access.cluster_key import ClusterKey
from snowlight.errors import InvalidArgumentError

HEADER = "Idempotency-Key"
IDEMPOTENCY_KEY = Parameter(
    HEADER,
    "The caller's own text: repeated with it, the request makes nothing twice, for 24 h. With another body "
    "it is 422.",
    {"type": "string", "minLength": 1, "maxLength": 255},
    place="header",
)
_PURPOSE = "idempotency"
_KEY = re.compile(r'"(?P<quoted>[ !#-~]{1,255})"|(?P<bare>[!#-~]{1,255})')
_NAMESPACE = uuid.UUID("8f6a4c1e-25b0-4f0e-9d0b-6f1d5a0c7b3e")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a creation."""

    request_id: str
    """The same for all attempts of one caller, on one route, with one key; "" when they gave none."""
    fingerprint: bytes
    """Differs where something else is asked for. Nobody without the cluster's key guesses from it what."""

    @property
    def fields(self) -> dict[str, Any]:
        """Of the request to the service that creates."""
        return {"request_id": self.request_id, "request_fingerprint": self.fingerprint}


class Attempts:
    """Tells attempts at one creation from those at another."""

    def __init__(self, key: ClusterKey) -> None:
        self._key = key.derive(_PURPOSE)

    def of(self, request: web.Request, caller: str, body: dict[str, Any]) -> Attempt:
        """The attempt that a request is. Raises InvalidArgumentError for a key that is none."""
        given = request.headers.get(HEADER)
        if given is None:
            return Attempt("", b"")
        match = _KEY.fullmatch(given.strip())
        if match is None:
            raise InvalidArgumentError(
                "request.header", f"{HEADER} must be 1 to 255 printable ASCII characters", field=HEADER
            )
        whose = (caller, request.method, request.path, match["quoted"] or match["bare"])
        asked = json.dumps([sorted(request.query.items()), body], sort_keys=True)
        return self._attempt(whose, asked.encode())

    def at_door(self, request_id: str, caller: str, method: str, asked: Message) -> Attempt:
        """The attempt that a call with a request_id of its own is (AIP-155). Raises
        InvalidArgumentError("request_id")."""
        if not request_id:
            return Attempt("", b"")
        if _KEY.fullmatch(request_id) is None:
            raise InvalidArgumentError(
                "request.invalid",
                "request_id must be 1 to 255 printable ASCII characters, such as a UUID",
                field="request_id",
            )
        return self._attempt((caller, method, request_id), asked.SerializeToString(deterministic=True))

    def _attempt(self, whose: Sequence[str], asked: bytes) -> Attempt:
        request_id = str(uuid.uuid5(_NAMESPACE, json.dumps(whose)))
        return Attempt(request_id, hmac.digest(self._key, asked, "sha256"))
