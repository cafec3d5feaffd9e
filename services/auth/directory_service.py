"""gRPC service `Directory`: regions, principals, the audit and the signing key, for administration."""

from typing import Any

from services.auth.directory import Directory
from services.auth.messages import audit_message, principal_message, region_message, to_timestamp
from services.auth.repository import audit, principals, regions
from services.auth.signing_keys import SigningKeys
from services.auth.validation import check_page_size, invalid, key_of_page_token, page_token
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

    async def ListAuditRecords(  # noqa: N802
        self, request: auth_pb2.ListAuditRecordsRequest, context: Any
    ) -> auth_pb2.ListAuditRecordsResponse:
        size, before = check_page_size(request.page_size), key_of_page_token(request.page_token)
        if before and not (before.isascii() and before.isdecimal() and len(before) < 19):
            raise invalid("page_token", "is not one that was given out")
        async with self._database.read() as connection:
            found = await audit.page(connection, int(before) if before else None, size + 1)
        return auth_pb2.ListAuditRecordsResponse(
            records=[audit_message(record) for _, record in found[:size]],
            next_page_token=page_token(str(found[size - 1][0])) if len(found) > size else "",
        )

    async def RotateSigningKey(  # noqa: N802
        self, request: auth_pb2.RotateSigningKeyRequest, context: Any
    ) -> auth_pb2.RotateSigningKeyResponse:
        key_id, sign_ms = await self._keys.rotate()
        return auth_pb2.RotateSigningKeyResponse(key_id=key_id, sign_time=to_timestamp(sign_ms))
