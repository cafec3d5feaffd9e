"""Auth's directory as the command line sees it."""

import unicodedata
from collections.abc import AsyncIterator

import grpc

from services.admin.paging import pages
from services.admin.peers import AUTH
from snowlight.api.auth.v1 import auth_pb2, auth_pb2_grpc
from snowlight.errors import NotFoundError
from snowlight.rpc.status import remote_errors

TIMEOUT_S = 30.0
PAGE_SIZE = 1000


class DirectoryClient:
    """Calls auth. Every method raises the error tree's errors as auth raised them."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub: auth_pb2_grpc.DirectoryAsyncStub = auth_pb2_grpc.DirectoryStub(channel)

    async def create_region(self, region: auth_pb2.Region) -> auth_pb2.Region:
        """The region as created."""
        request = auth_pb2.CreateRegionRequest(region=region)
        with remote_errors(AUTH):
            return await self._stub.CreateRegion(request, timeout=TIMEOUT_S)

    async def create_principal(self, principal: auth_pb2.Principal, password: str) -> auth_pb2.Principal:
        """The principal as created."""
        request = auth_pb2.CreatePrincipalRequest(principal=principal, password=password)
        with remote_errors(AUTH):
            return await self._stub.CreatePrincipal(request, timeout=TIMEOUT_S)

    async def set_password(self, name: str, password: str) -> None:
        """Replace the password of "principals/{id}"."""
        request = auth_pb2.SetPasswordRequest(name=name, password=password)
        with remote_errors(AUTH):
            await self._stub.SetPassword(request, timeout=TIMEOUT_S)

    async def explain(self, request: auth_pb2.ExplainDecisionRequest) -> auth_pb2.ExplainDecisionResponse:
        """How an action would be decided."""
        with remote_errors(AUTH):
            return await self._stub.ExplainDecision(request, timeout=TIMEOUT_S)

    async def update_principal(self, principal: auth_pb2.Principal, *fields: str) -> auth_pb2.Principal:
        """The principal as changed."""
        request = auth_pb2.UpdatePrincipalRequest(principal=principal)
        request.update_mask.paths.extend(fields)
        with remote_errors(AUTH):
            return await self._stub.UpdatePrincipal(request, timeout=TIMEOUT_S)

    async def create_jurisdiction(self, jurisdiction: auth_pb2.Jurisdiction) -> auth_pb2.Jurisdiction:
        """The jurisdiction as created."""
        request = auth_pb2.CreateJurisdictionRequest(jurisdiction=jurisdiction)
        with remote_errors(AUTH):
            return await self._stub.CreateJurisdiction(request, timeout=TIMEOUT_S)

    async def delete_jurisdiction(self, name: str) -> None:
        """End "jurisdictions/{id}"."""
        request = auth_pb2.DeleteJurisdictionRequest(name=name)
        with remote_errors(AUTH):
            await self._stub.DeleteJurisdiction(request, timeout=TIMEOUT_S)

    async def jurisdictions(self) -> AsyncIterator[auth_pb2.Jurisdiction]:
        """All jurisdictions, by id."""
        request = auth_pb2.ListJurisdictionsRequest(page_size=PAGE_SIZE)
        async for page in pages(AUTH, self._stub.ListJurisdictions, request, TIMEOUT_S):
            for jurisdiction in page.jurisdictions:
                yield jurisdiction

    async def rotate_signing_keys(self) -> auth_pb2.RotateSigningKeyResponse:
        """The id of the new key, and from when on it signs."""
        with remote_errors(AUTH):
            return await self._stub.RotateSigningKey(auth_pb2.RotateSigningKeyRequest(), timeout=TIMEOUT_S)

    async def find_principal(self, username: str) -> auth_pb2.Principal | None:
        """Who signs in as `username`, or None."""
        wanted = unicodedata.normalize("NFKC", username).strip().casefold()
        async for principal in self.principals():
            # Somebody of a provider is called as they are there, in capitals too.
            if principal.username in (username, wanted):
                return principal
        return None

    async def require_principal(self, given: str) -> auth_pb2.Principal:
        """Who signs in as `given`, or is "principals/{id}". Raises NotFoundError."""
        if given.startswith("principals/"):
            request = auth_pb2.GetPrincipalRequest(name=given)
            with remote_errors(AUTH):
                return await self._stub.GetPrincipal(request, timeout=TIMEOUT_S)
        principal = await self.find_principal(given)
        if principal is None:
            raise NotFoundError("auth.principal_unknown", f"nobody signs in as {given}", field="username")
        return principal

    async def regions(self) -> AsyncIterator[auth_pb2.Region]:
        """All regions, by code."""
        request = auth_pb2.ListRegionsRequest(page_size=PAGE_SIZE)
        async for page in pages(AUTH, self._stub.ListRegions, request, TIMEOUT_S):
            for region in page.regions:
                yield region

    async def principals(self) -> AsyncIterator[auth_pb2.Principal]:
        """All principals, by user name."""
        request = auth_pb2.ListPrincipalsRequest(page_size=PAGE_SIZE)
        async for page in pages(AUTH, self._stub.ListPrincipals, request, TIMEOUT_S):
            for principal in page.principals:
                yield principal
