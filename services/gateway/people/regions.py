"""The region tree as far as the caller may see it."""

from aiohttp import web

from services.gateway.http.bodies import json_response
from services.gateway.http.proto_json import schema_of, to_json
from services.gateway.http.routes import Route
from services.gateway.people.identity import Identity
from snowlight.api.auth.v1 import auth_pb2


class RegionRoutes:
    """Regions, for reading."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def routes(self) -> tuple[Route, ...]:
        regions = {"type": "array", "items": schema_of(auth_pb2.Region.DESCRIPTOR)}
        return (
            Route(
                "GET",
                "/v1/regions",
                self.list_regions,
                "The regions the caller may see, parents before children.",
                answer={"type": "object", "properties": {"regions": regions}},
                errors=(401,),
            ),
        )

    async def list_regions(self, request: web.Request) -> web.Response:
        person = await self._identity.person(request)
        sight = await self._identity.sight(person)
        return json_response({"regions": [to_json(region) for region in sight.regions]})
