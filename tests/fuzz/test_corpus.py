"""Every target bears what it should meet, what was found, and what Hypothesis makes of either."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutation import MUTATIONS, Mutation
from tests.fuzz.targets import CORPUS, TARGETS

KNOWN = {name: sorted((CORPUS / name).iterdir()) for name in TARGETS}
MOST_HELD = 32 << 20
"""Bytes: many times the longest input, and far less than a bomb."""


@pytest.mark.parametrize(
    ("name", "path"),
    [pytest.param(name, path, id=f"{name}-{path.name}") for name in KNOWN for path in KNOWN[name]],
)
def test_what_is_known_is_borne(name: str, path: Path) -> None:
    data = path.read_bytes()
    tracemalloc.start()
    try:
        TARGETS[name](data)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < MOST_HELD


@pytest.mark.parametrize("name", sorted(TARGETS))
@given(data=st.data(), mutations=MUTATIONS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_damaged_is_borne(name: str, data: st.DataObject, mutations: list[Mutation]) -> None:
    damaged = bytearray(data.draw(st.sampled_from(KNOWN[name])).read_bytes())
    for mutate in mutations:
        mutate(damaged)
    TARGETS[name](bytes(damaged))
