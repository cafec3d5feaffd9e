"""A county, its village, another county, and who is there."""

from __future__ import annotations

from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from tests.parts.password import PASSWORD

COUNTY, VILLAGE, OTHER = "regions/421381", "regions/421381101203", "regions/371326"


async def add_people(directory: auth_pb2_grpc.DirectoryAsyncStub) -> None:
    """Who these tests sign in as."""
    levels = ((COUNTY, auth_pb2.COUNTY), (VILLAGE, auth_pb2.VILLAGE), (OTHER, auth_pb2.COUNTY))
    for name, level in levels:
        region = auth_pb2.Region(name=name, level=level, display_name=name)
        await directory.CreateRegion(auth_pb2.CreateRegionRequest(region=region))
    people = (
        ("root", COUNTY, auth_pb2.ADMIN, auth_pb2.GOVERNMENT),
        ("second", COUNTY, auth_pb2.ADMIN, auth_pb2.GOVERNMENT),
        ("chen", VILLAGE, auth_pb2.VIEWER, auth_pb2.GOVERNMENT),
        ("away", OTHER, auth_pb2.ADMIN, auth_pb2.GOVERNMENT),
        ("auditor", COUNTY, auth_pb2.AUDITOR, auth_pb2.GOVERNMENT),
        ("resident", VILLAGE, auth_pb2.VIEWER, auth_pb2.RESIDENT),
    )
    for username, scope, role, line in people:
        principal = auth_pb2.Principal(
            username=username, display_name=username, line=line, roles=[role], scope=scope
        )
        await directory.CreatePrincipal(
            auth_pb2.CreatePrincipalRequest(principal=principal, password=PASSWORD)
        )
