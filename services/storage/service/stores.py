"""The gRPC face of the stores: which there are, which region goes where, and the index made again."""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from services.storage.catalogue.rebuild import Rebuild
from services.storage.retention.quota import Quota
from services.storage.service.validation import check
from services.storage.stores.prober import StoreProber
from services.storage.stores.registry import RegionStores
from snowlight.api.storage.v1 import store_pb2, store_pb2_grpc
from snowlight.errors import NotFoundError

_REGION = re.compile(r"regions/(?P<code>[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12}[0-9A-Za-z-]{0,20})")


class StoresService(store_pb2_grpc.StoresServicer):
    """`snowlight.api.storage.v1.Stores`."""

    def __init__(
        self,
        stores: Sequence[str],
        default: str,
        regions: RegionStores,
        prober: StoreProber,
        quota: Quota,
        rebuild: Rebuild,
    ) -> None:
        """`default`: the store of regions that were given none."""
        self._stores = stores
        self._default = default
        self._regions = regions
        self._prober = prober
        self._quota = quota
        self._rebuild = rebuild

    async def ListStores(  # noqa: N802
        self, request: store_pb2.ListStoresRequest, context: Any
    ) -> store_pb2.ListStoresResponse:
        regions = await self._regions.all()
        return store_pb2.ListStoresResponse(
            stores=[await self._message(name) for name in self._stores],
            regions=[_region_store(region, store) for region, store in regions.items()],
            default_store=self._default,
        )

    async def SetRegionStore(  # noqa: N802
        self, request: store_pb2.SetRegionStoreRequest, context: Any
    ) -> store_pb2.RegionStore:
        code = _code(request.region_store.region, "region_store.region")
        store = request.region_store.store
        check(store in self._stores, "region_store.store", f"no store is named {store!r}")
        await self._regions.set(code, store)
        return _region_store(code, store)

    async def DeleteRegionStore(  # noqa: N802
        self, request: store_pb2.DeleteRegionStoreRequest, context: Any
    ) -> store_pb2.DeleteRegionStoreResponse:
        code = _code(request.region, "region")
        if not await self._regions.delete(code):
            raise NotFoundError("store.region_unknown", f"regions/{code} has no store of its own")
        return store_pb2.DeleteRegionStoreResponse()

    async def RebuildIndex(  # noqa: N802
        self, request: store_pb2.RebuildIndexRequest, context: Any
    ) -> AsyncIterator[store_pb2.RebuildIndexResponse]:
        known = not request.store or request.store in self._stores
        check(known, "store", f"no store is named {request.store!r}")
        names = [request.store] if request.store else list(self._stores)
        async for progress in self._rebuild.run(names):
            yield progress

    async def _message(self, name: str) -> store_pb2.Store:
        fill = await self._quota.fill(name)
        away = self._prober.is_away(name)
        return store_pb2.Store(
            name=name,
            state=store_pb2.Store.AWAY if away else store_pb2.Store.AVAILABLE,
            away_since_ms=self._prober.away_since_ms(name),
            fill=fill.state,
            used_bytes=fill.used_bytes,
            capacity_bytes=fill.capacity_bytes,
            days_left=fill.days_left,
        )


def _code(region: str, field: str) -> str:
    match = _REGION.fullmatch(region)
    check(match is not None, field, f"{field.rpartition('.')[2]} must be regions/CODE")
    assert match is not None
    return match["code"]


def _region_store(code: str, store: str) -> store_pb2.RegionStore:
    return store_pb2.RegionStore(region=f"regions/{code}", store=store)
