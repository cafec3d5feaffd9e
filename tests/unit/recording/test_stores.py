"""Which store a camera's footage goes to, and when no camera is taken any more."""

import pytest

from services.ingest.stores.placement import Placement
from snowlight.api.storage.v1 import store_pb2
from snowlight.errors import FailedPreconditionError

STORES = frozenset({"default", "county", "town"})


def told(*regions: tuple[str, str], full: tuple[str, ...] = ()) -> store_pb2.ListStoresResponse:
    return store_pb2.ListStoresResponse(
        stores=[
            store_pb2.Store(name=name, fill=store_pb2.Store.FULL if name in full else store_pb2.Store.ENOUGH)
            for name in sorted(STORES)
        ],
        regions=[store_pb2.RegionStore(region=region, store=store) for region, store in regions],
        default_store="default",
    )


def placement() -> Placement:
    return Placement(STORES, "default", {"a": "regions/421381001002", "b": "regions/421381999"})


def test_the_longest_code_that_a_region_begins_with_names_its_store() -> None:
    known = placement()
    assert known.store_of("a") == "default"
    known.learn(told(("regions/421381", "county"), ("regions/421381001", "town")))
    assert (known.store_of("a"), known.store_of("b"), known.store_of("nobody")) == (
        "town",
        "county",
        "default",
    )
    known.place("b", "regions/421381001")
    assert known.store_of("b") == "town"


def test_a_store_that_this_process_does_not_have_is_not_used() -> None:
    known = placement()
    known.learn(told(("regions/421381", "elsewhere")))
    assert known.store_of("a") == "default"


def test_a_full_store_takes_no_new_camera_and_none_from_another_store() -> None:
    known = placement()
    known.learn(told(("regions/421381", "county"), full=("county",)))
    known.check_takes_camera("regions/3713")
    known.check_takes_camera("regions/421381001", "regions/421381")  # it is there already
    for came_from in ("", "regions/3713"):
        with pytest.raises(FailedPreconditionError) as refused:
            known.check_takes_camera("regions/421381001", came_from)
        assert (refused.value.code, refused.value.field) == ("store.full", "region")
        assert "store county is full" in refused.value.detail
    known.learn(told(("regions/421381", "county")))
    known.check_takes_camera("regions/421381001")
