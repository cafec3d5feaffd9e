"""Stores and how long footage is kept, for those who answer for it."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from services.gateway.http.bodies import json_response
from services.gateway.http.routes import Route
from services.gateway.operations.regions import drill
from services.gateway.peers import CALL_TIMEOUT_S, STORAGE, Peers
from services.gateway.people.identity import Identity
from services.gateway.people.sight import Person, Sight
from snowlight.api.storage.v1 import retention_pb2, store_pb2
from snowlight.errors import PermissionDeniedError
from snowlight.instants import format_instant
from snowlight.rpc.status import remote_errors

_TEXT = {"type": "string"}
_INTEGER = {"type": "integer"}
_INSTANT_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
_STORE = {
    "type": "object",
    "properties": {
        "name": _TEXT,
        "state": _TEXT | {"enum": ["AVAILABLE", "AWAY"]},
        "away_since": _INSTANT_OR_NULL,
        "fill": {
            "type": ["string", "null"],
            "enum": ["ENOUGH", "FILLING", "DROPPING", "FULL", None],
            "description": "Null, as `used_bytes` then, for one that nobody has looked at yet.",
        },
        "used_bytes": {"type": ["integer", "null"]},
        "capacity_bytes": {"type": ["integer", "null"], "description": "Null: unlimited."},
        "free_bytes": {"type": ["integer", "null"]},
        "days_left": {
            "type": ["number", "null"],
            "description": "At today's rate of growth; null for one that does not grow or has no limit.",
        },
    },
}
_STORAGE = {
    "type": "object",
    "properties": {
        "stores": {"type": "array", "items": _STORE},
        "default_store": _TEXT,
        "regions": {
            "type": "array",
            "description": "Regions with a store of their own.",
            "items": {"type": "object", "properties": {"region": _TEXT, "store": _TEXT}},
        },
    },
}
_POLICY = {
    "type": "object",
    "properties": {
        "name": _TEXT | {"description": "retentionPolicies/default, .../class-{1-3}, .../region-{code}"},
        "days": _INTEGER,
        "minimum_days": _INTEGER | {"description": "What a full store does not drop."},
        "update_time": _INSTANT_OR_NULL,
        "updated_by": _TEXT,
    },
}
_OF_REGION = "retentionPolicies/region-"


class StorageRoutes:
    """For reading alone: stores and policies are changed by `snowlight admin`."""

    def __init__(self, peers: Peers, identity: Identity) -> None:
        self._peers = peers
        self._identity = identity

    def routes(self) -> tuple[Route, ...]:
        policies = {"type": "array", "items": _POLICY}
        return (
            Route(
                "GET",
                "/v1/storage",
                self.stores,
                "Stores with their state and how full they are.",
                answer=_STORAGE,
                errors=(401, 403, 503),
            ),
            Route(
                "GET",
                "/v1/retention_policies",
                self.policies,
                "How long footage is kept: in all, by class of cameras, and in regions the caller sees.",
                answer={"type": "object", "properties": {"retention_policies": policies}},
                errors=(401, 403, 503),
            ),
        )

    async def stores(self, request: web.Request) -> web.Response:
        sight = await self._sight(await self._identity.person(request))
        with remote_errors(STORAGE):
            answer = await self._peers.stores.ListStores(
                store_pb2.ListStoresRequest(), timeout=CALL_TIMEOUT_S
            )
        return json_response(
            {
                "stores": [_store(store) for store in answer.stores],
                "default_store": answer.default_store,
                "regions": [
                    {"region": one.region, "store": one.store}
                    for one in answer.regions
                    if one.region in sight.names
                ],
            }
        )

    async def policies(self, request: web.Request) -> web.Response:
        sight = await self._sight(await self._identity.person(request))
        with remote_errors(STORAGE):
            answer = await self._peers.retention.ListRetentionPolicies(
                retention_pb2.ListRetentionPoliciesRequest(), timeout=CALL_TIMEOUT_S
            )
        shown = [_policy(policy) for policy in answer.policies if _is_open(policy.name, sight)]
        return json_response({"retention_policies": shown})

    async def _sight(self, person: Person) -> Sight:
        """Raises PermissionDeniedError unless they say somewhere how long footage is kept."""
        sight = await self._identity.sight(person)
        denial = PermissionDeniedError("auth.role_missing", "retention.manage is not allowed here")
        for region in drill(sight, "").children:
            try:
                await self._identity.require(person, "retention.manage", region=region.name)
            except PermissionDeniedError as error:
                denial = error
            else:
                return sight
        raise denial


def _is_open(policy: str, sight: Sight) -> bool:
    region = policy.removeprefix(_OF_REGION)
    return region == policy or f"regions/{region}" in sight.names


def _store(store: store_pb2.Store) -> dict[str, Any]:
    limited = store.capacity_bytes > 0
    seen = store.fill != store_pb2.Store.FILL_UNSPECIFIED
    return {
        "name": store.name,
        "state": store_pb2.Store.State.Name(store.state),
        "away_since": format_instant(store.away_since_ms) if store.away_since_ms else None,
        "fill": store_pb2.Store.Fill.Name(store.fill) if seen else None,
        "used_bytes": store.used_bytes if seen else None,
        "capacity_bytes": store.capacity_bytes if limited else None,
        "free_bytes": max(store.capacity_bytes - store.used_bytes, 0) if limited and seen else None,
        "days_left": store.days_left if limited and store.days_left >= 0 else None,
    }


def _policy(policy: retention_pb2.RetentionPolicy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "days": policy.days,
        "minimum_days": policy.minimum_days or policy.days,
        "update_time": format_instant(policy.update_ms) if policy.update_ms else None,
        "updated_by": policy.updated_by,
    }
