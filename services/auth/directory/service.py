"""gRPC service `Directory`: regions, principals and the signing key, for administration."""

from typing import Any

from services.auth.creations import Creations
from services.auth.directory.explanation import Explanation
from services.auth.directory.jurisdictions import Jurisdictions
from services.auth.directory.principals import Principals
from services.auth.directory.regions import Regions
from services.auth.messages import (
    jurisdiction_message,
    principal_message,
    region_message,
    to_timestamp,
)
from services.auth.repository import regions
from services.auth.signing_keys import SigningKeys
from services.auth.validation import check_page_size, key_of_page_token, page_of
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.database import Database


class DirectoryService(auth_pb2_grpc.DirectoryServicer):
    """Administers, for the person that a request names, or for the administrator's tool."""

    def __init__(
        self,
        database: Database,
        regions: Regions,
        principals: Principals,
        jurisdictions: Jurisdictions,
        explanation: Explanation,
        keys: SigningKeys,
        creations: Creations,
    ) -> None:
        self._database = database
        self._regions = regions
        self._principals = principals
        self._jurisdictions = jurisdictions
        self._explanation = explanation
        self._keys = keys
        self._creations = creations

    async def CreateRegion(  # noqa: N802
        self, request: auth_pb2.CreateRegionRequest, context: Any
    ) -> auth_pb2.Region:
        return region_message(await self._regions.create(request.region))

    async def ListRegions(  # noqa: N802
        self, request: auth_pb2.ListRegionsRequest, context: Any
    ) -> auth_pb2.ListRegionsResponse:
        size, after = check_page_size(request.page_size), key_of_page_token(request.page_token)
        async with self._database.read() as connection:
            found = await regions.page(connection, after, size + 1)
        shown, token = page_of(found, size, lambda one: one.code)
        return auth_pb2.ListRegionsResponse(regions=map(region_message, shown), next_page_token=token)

    async def CreatePrincipal(  # noqa: N802
        self, request: auth_pb2.CreatePrincipalRequest, context: Any
    ) -> auth_pb2.Principal:
        by = request.on_behalf_of
        return principal_message(
            await self._creations.once(
                request,
                lambda creation: self._principals.create(request.principal, request.password, by, creation),
                lambda name: self._principals.get(name, by),
            )
        )

    async def GetPrincipal(  # noqa: N802
        self, request: auth_pb2.GetPrincipalRequest, context: Any
    ) -> auth_pb2.Principal:
        return principal_message(await self._principals.get(request.name, request.on_behalf_of))

    async def ListPrincipals(  # noqa: N802
        self, request: auth_pb2.ListPrincipalsRequest, context: Any
    ) -> auth_pb2.ListPrincipalsResponse:
        size, after = check_page_size(request.page_size), key_of_page_token(request.page_token)
        found = await self._principals.page(after, size + 1, request.on_behalf_of)
        shown, token = page_of(found, size, lambda one: one.username)
        return auth_pb2.ListPrincipalsResponse(
            principals=map(principal_message, shown), next_page_token=token
        )

    async def UpdatePrincipal(  # noqa: N802
        self, request: auth_pb2.UpdatePrincipalRequest, context: Any
    ) -> auth_pb2.Principal:
        return principal_message(
            await self._principals.change(request.principal, request.update_mask.paths, request.on_behalf_of)
        )

    async def SetPassword(  # noqa: N802
        self, request: auth_pb2.SetPasswordRequest, context: Any
    ) -> auth_pb2.SetPasswordResponse:
        await self._principals.set_password(request.name, request.password, request.on_behalf_of)
        return auth_pb2.SetPasswordResponse()

    async def ResetPassword(  # noqa: N802
        self, request: auth_pb2.ResetPasswordRequest, context: Any
    ) -> auth_pb2.ResetPasswordResponse:
        temporary = await self._principals.reset_password(request.name, request.on_behalf_of)
        return auth_pb2.ResetPasswordResponse(temporary_password=temporary)

    async def CreateJurisdiction(  # noqa: N802
        self, request: auth_pb2.CreateJurisdictionRequest, context: Any
    ) -> auth_pb2.Jurisdiction:
        by = request.on_behalf_of
        return jurisdiction_message(
            await self._creations.once(
                request,
                lambda creation: self._jurisdictions.create(request.jurisdiction, by, creation),
                lambda name: self._jurisdictions.get(name, by),
            )
        )

    async def ListJurisdictions(  # noqa: N802
        self, request: auth_pb2.ListJurisdictionsRequest, context: Any
    ) -> auth_pb2.ListJurisdictionsResponse:
        size, after = check_page_size(request.page_size), key_of_page_token(request.page_token)
        found = await self._jurisdictions.page(after, size + 1, request.on_behalf_of)
        shown, token = page_of(found, size, lambda one: one.jurisdiction_id)
        return auth_pb2.ListJurisdictionsResponse(
            jurisdictions=map(jurisdiction_message, shown), next_page_token=token
        )

    async def UpdateJurisdiction(  # noqa: N802
        self, request: auth_pb2.UpdateJurisdictionRequest, context: Any
    ) -> auth_pb2.Jurisdiction:
        return jurisdiction_message(
            await self._jurisdictions.change(request.jurisdiction, request.on_behalf_of)
        )

    async def DeleteJurisdiction(  # noqa: N802
        self, request: auth_pb2.DeleteJurisdictionRequest, context: Any
    ) -> auth_pb2.DeleteJurisdictionResponse:
        await self._jurisdictions.remove(request.name, request.on_behalf_of)
        return auth_pb2.DeleteJurisdictionResponse()

    async def ExplainDecision(  # noqa: N802
        self, request: auth_pb2.ExplainDecisionRequest, context: Any
    ) -> auth_pb2.ExplainDecisionResponse:
        return await self._explanation.of(request)

    async def RotateSigningKey(  # noqa: N802
        self, request: auth_pb2.RotateSigningKeyRequest, context: Any
    ) -> auth_pb2.RotateSigningKeyResponse:
        key_id, sign_ms = await self._keys.rotate()
        return auth_pb2.RotateSigningKeyResponse(key_id=key_id, sign_time=to_timestamp(sign_ms))
