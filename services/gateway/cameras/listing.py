"""One page of the cameras a person may see."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.gateway.cameras.circle import Circle, read_point, read_radius
from services.gateway.cameras.filter import Filter, read_filter
from services.gateway.cameras.known import KnownCamera
from services.gateway.cameras.order import Found, Order, PageTokens, read_order
from services.gateway.cameras.read_model import CameraModel
from services.gateway.http.bodies import require_unicode
from services.gateway.http.paging import read_page_size
from services.gateway.people.sight import Sight
from snowlight.api.ingest.v1 import camera_pb2
from snowlight.errors import InvalidArgumentError, NotFoundError

FARTHEST_M = 20_000
DEFAULT_RADIUS_M = 5_000
KEPT_LISTS = 16
"""Of at most every camera each: what somebody sees of a region is looked up once for all their pages."""
HELD_AT_ONCE = 40_000
"""Cameras times terms of a filter, some milliseconds, before others have a turn."""


@dataclass(frozen=True)
class ListQuery:
    """What a listing is asked for."""

    region: str
    wanted: Filter | None
    circle: Circle | None
    order: Order
    tokens: PageTokens
    page_size: int
    page_token: str

    @classmethod
    def read(
        cls, query: Mapping[str, str], *, state: camera_pb2.CameraState.ValueType | None = None
    ) -> ListQuery:
        """`state`: only cameras in this one. Raises InvalidArgumentError naming the parameter."""
        region = require_unicode(query.get("region", ""), "region")
        text = require_unicode(query.get("filter", ""), "filter")
        wanted = read_filter(text)
        circle = _read_circle(query)
        order = read_order(query.get("order_by", ""), with_distance=circle is not None)
        return cls(
            region,
            wanted if state is None else _also_in(state, wanted),
            circle,
            order,
            PageTokens(order, region, text, f"{circle!r} {state or ''}"),
            read_page_size(query),
            query.get("page_token", ""),
        )


@dataclass(frozen=True)
class Page:
    """A page, and how to get the next one."""

    cameras: list[Found]
    next_page_token: str
    total_size: int


class CameraLists:
    """Lists of cameras in memory. What one person sees of one region is kept while nothing changes."""

    def __init__(self, model: CameraModel) -> None:
        self._model = model
        self._seen: OrderedDict[tuple[str, frozenset[str]], tuple[int, list[Found]]] = OrderedDict()

    async def page(self, sight: Sight, query: ListQuery) -> Page:
        """Others have turns while a filter of many terms is gone through: what changes meanwhile may be
        chosen by what it was. Raises NotFoundError for a region that the person does not see."""
        after = query.tokens.read(query.page_token)
        found = self._around(sight, query)
        if query.wanted is not None:
            found = await _matching(found, query.wanted)
        if not query.order.is_by_name:
            query.order.sort(found)
        start = 0 if after is None else query.order.first_after(found, after)
        page = found[start : start + query.page_size]
        more = start + len(page) < len(found)
        return Page(page, query.tokens.write(page[-1]) if more else "", len(found))

    def _around(self, sight: Sight, query: ListQuery) -> list[Found]:
        """What the filter is left to choose from, by name unless another order is asked for. Not to be
        changed unless one is."""
        if query.region and query.region not in sight.names:
            raise NotFoundError("region.not_found", "there is no such region", field="region")
        regions = sight.below(query.region) if query.region else sight.names
        if query.circle is not None:
            found = [
                one
                for one in query.circle.cameras(self._model)
                if one[0].uid in sight.camera_uids and one[0].region in regions
            ]
            if query.order.is_by_name:
                query.order.sort(found)
        else:
            found = self._seen_in(sight, regions)
        return found if query.order.is_by_name else list(found)

    def _seen_in(self, sight: Sight, regions: frozenset[str]) -> list[Found]:
        key = (sight.digest, regions)
        kept = self._seen.get(key)
        if kept is None or kept[0] != self._model.version:
            uids = sight.camera_uids
            ordered: list[KnownCamera] = self._model.ordered()
            found = [(known, 0.0) for known in ordered if known.uid in uids and known.region in regions]
            self._seen[key] = kept = (self._model.version, found)
            if len(self._seen) > KEPT_LISTS:
                self._seen.popitem(last=False)
        self._seen.move_to_end(key)
        return kept[1]


async def _matching(found: Sequence[Found], wanted: Filter) -> list[Found]:
    """Those that the filter takes, in the order of `found`."""
    test, at_once = wanted.test, HELD_AT_ONCE // wanted.terms
    matching: list[Found] = []
    for start in range(0, len(found), at_once):
        if start:
            await asyncio.sleep(0)
        matching += [one for one in found[start : start + at_once] if test(one[0])]
    return matching


def _also_in(state: camera_pb2.CameraState.ValueType, wanted: Filter | None) -> Filter:
    if wanted is None:
        return Filter(lambda known: known.camera.state == state, 1)
    test = wanted.test
    return Filter(lambda known: known.camera.state == state and test(known), wanted.terms + 1)


def _read_circle(query: Mapping[str, str]) -> Circle | None:
    if "near" not in query:
        if "radius" in query:
            raise InvalidArgumentError("request.invalid", "radius needs near", field="radius")
        return None
    latitude, longitude = read_point(query["near"], "near")
    return Circle(latitude, longitude, read_radius(query, most_m=FARTHEST_M, default_m=DEFAULT_RADIUS_M))
