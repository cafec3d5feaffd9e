"""gRPC service `Directory`: regions, principals and the signing key, for administration."""

from typing import Any

from services.auth.directory import Directory
from services.auth.messages import principal_message, region_message
from services.auth.repository import principals, regions
from services.auth.signing_keys import SigningKeys
from services.auth.validation import check_page_size, key_of_page_token, page_token
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.database import Database


class DirectoryService(auth_pb2_grpc.DirectoryServicer):
    """Administers. Callers answer for who asked them."""

    def __init__(self, database: Database, directory: Directory, keys: SigningKeys) -> None:
        self._database = database
        self._directory = directory
        self._keys = keys

    async def CreateRegion(  # noqa: N802
        self, request: auth_pb2.CreateRegionRequest, context: Any
    ) -> auth_pb2.Region:
        return region_message(await self._directory.create_region(request.region))

    async def ListRegions(  # noqa: N802
        self, request: auth_pb2.ListRegionsRequest, context: Any
    ) -> auth_pb2.ListRegionsResponse:
        size, after = check_page_size(request.page_size), key_of_page_token(request.page_token)
        async with self._database.read() as connection:
            found = await regions.page(connection, after, size + 1)
        return auth_pb2.ListRegionsResponse(
            regions=[region_message(region) for region in found[:size]],
            next_page_token=page_token(found[size - 1].code) if len(found) > size else "",
        )

    async def CreatePrincipal(  # noqa: N802
        self, request: auth_pb2.CreatePrincipalRequest, context: Any
    ) -> auth_pb2.Principal:
        return principal_message(await self._directory.create_principal(request.principal, request.password))

    async def ListPrincipals(  # noqa: N802
        self, request: auth_pb2.ListPrincipalsRequest, context: Any
    ) -> auth_pb2.ListPrincipalsResponse:
        size, after = check_page_size(request.page_size), key_of_page_token(request.page_token)
        async with self._database.read() as connection:
            found = await principals.page(connection, after, size + 1)
        return auth_pb2.ListPrincipalsResponse(
            principals=[principal_message(principal) for principal in found[:size]],
            next_page_token=page_token(found[size - 1].username) if len(found) > size else "",
        )

    async def SetPassword(  # noqa: N802
        self, request: auth_pb2.SetPasswordRequest, context: Any
    ) -> auth_pb2.SetPasswordResponse:
        await self._directory.set_password(request.name, request.password)
        return auth_pb2.SetPasswordResponse()

    async def RotateSigningKey(  # noqa: N802
        self, request: auth_pb2.RotateSigningKeyRequest, context: Any
    ) -> auth_pb2.RotateSigningKeyResponse:
        return auth_pb2.RotateSigningKeyResponse(key_id=await self._keys.rotate())
