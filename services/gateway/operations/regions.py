"""A region and the ones right below it, as figures are drilled down by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.gateway.http.routes import Parameter
from services.gateway.people.sight import Sight
from snowlight.api.auth.v1 import auth_pb2
from snowlight.errors import NotFoundError

REGION = Parameter("region", "regions/{code}; left out, everything the caller sees.")


@dataclass(frozen=True)
class Drill:
    """What is asked for."""

    region: str
    """"" for everything."""
    names: frozenset[str]
    """It, and all below it."""
    children: list[auth_pb2.Region]
    """Right below it; of everything the regions that are below no other one."""
    child_of: Mapping[str, str]
    """For each of `names` that is in a child or is one: which."""


def drill(sight: Sight, region: str) -> Drill:
    """Raises NotFoundError("region") for a region that the person does not see."""
    if region and region not in sight.names:
        raise NotFoundError("region.not_found", "there is no such region", field="region")
    names = sight.below(region) if region else sight.names
    children: list[auth_pb2.Region] = []
    child_of: dict[str, str] = {}
    for one in sight.regions:
        is_top = one.parent == region if region else one.parent not in sight.names
        if is_top:
            children.append(one)
            child_of[one.name] = one.name
        elif one.parent in child_of:
            child_of[one.name] = child_of[one.parent]
    return Drill(region, names, children, child_of)
