"""One sign-in by a provider: sent there, come back, known here (RFC 6749 section 4.1, RFC 7636).

What belongs to a sign-in under way is not kept here but in the browser, sealed: no stranger fills the
database by beginning many, any process of auth takes the second half, and only the browser that began can
finish.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from services.auth.changes import record_change
from services.auth.model import Principal
from services.auth.repository import principals, revocations, used_logins
from services.auth.repository.refresh_tokens import Way
from services.auth.repository.revocations import Kind
from services.auth.rights import actor_of, load_principal
from services.auth.sign_in.oidc.id_token import check_id_token, refused, verify_signature
from services.auth.sign_in.oidc.mapping import Mapped, map_claims, require_within
from services.auth.tokens import Grant, Tokens
from services.auth.validation import invalid
from snowlight.access.token import AccessClaims
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import NotFoundError, PermissionDeniedError
from snowlight.sealed import Sealed

if TYPE_CHECKING:
    from services.auth.sign_in.oidc.client import ProviderClient
    from services.auth.sign_in.oidc.providers_file import Provider

LIFETIME_S = 600
MAX_CODE = 2048

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OidcStart:
    """Where to send the browser, and what it keeps meanwhile."""

    authorization_url: str
    login: str
    expires_in_s: int


class OidcSignIn:
    """Sends people to providers and takes them back. `sealing_key` has 32 bytes."""

    def __init__(
        self,
        database: Database,
        tokens: Tokens,
        providers: Sequence[ProviderClient],
        sealing_key: bytes,
        clock: Clock,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._providers = {client.provider.name: client for client in providers}
        self._sealing = Sealed(sealing_key)
        self._clock = clock

    async def start(self, name: str) -> OidcStart:
        """Begin a sign-in. Raises NotFoundError, and UnavailableError while the provider is away."""
        client = self._client(name)
        provider = client.provider
        described = await client.description()
        login = {
            "provider": provider.name,
            "state": secrets.token_urlsafe(24),
            "nonce": secrets.token_urlsafe(24),
            "verifier": secrets.token_urlsafe(48),
            "expire_ms": self._clock.now_ms() + LIFETIME_S * 1000,
        }
        challenge = hashlib.sha256(str(login["verifier"]).encode()).digest()
        query = {
            "response_type": "code",
            "client_id": provider.client_id,
            "redirect_uri": provider.redirect_uri,
            "scope": " ".join(provider.scopes),
            "state": login["state"],
            "nonce": login["nonce"],
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return OidcStart(
            f"{described.authorization_endpoint}?{urlencode(query)}", self._seal(login), LIFETIME_S
        )

    async def finish(self, login: str, *, state: str, code: str, issuer: str, remote_address: str) -> Grant:
        """Finish a sign-in: a session of who the provider says came.

        Raises UnauthenticatedError("auth.oidc_refused") for what is not the other half of `login`, or does
        not verify, and PermissionDeniedError for who may not be here.
        """
        begun = self._unseal(login)
        if not code or len(code) > MAX_CODE:
            raise invalid("code", f"must have 1 to {MAX_CODE} characters")
        if not hmac.compare_digest(str(begun["state"]).encode(), state.encode()):
            raise refused("this is not the sign-in that this browser began")
        client = self._client(str(begun["provider"]))
        described = await client.description()
        if (issuer or described.names_issuer) and issuer != client.provider.issuer:
            raise refused("another provider has answered")  # RFC 9207 section 2.4
        id_token = await client.exchange(code, str(begun["verifier"]))
        claims = check_id_token(
            await _signed_by(client, id_token),
            client.provider,
            str(begun["nonce"]),
            self._clock.now_ms() / 1000,
        )
        mapped = map_claims(client.provider, claims)
        async with self._database.write() as connection:
            now_ms = self._clock.now_ms()
            if not await used_logins.use(connection, str(begun["state"]), begun["expire_ms"], now_ms):
                raise refused("this sign-in was finished before")
            await require_within(connection, client.provider, mapped)
            principal = await self._principal(
                connection, client.provider, str(claims["sub"]), mapped, remote_address
            )
            return await self._tokens.begin(connection, principal, Way.OIDC, remote_address=remote_address)

    async def _principal(
        self,
        connection: AsyncConnection,
        provider: Provider,
        subject: str,
        mapped: Mapped,
        remote_address: str,
    ) -> Principal:
        """Who came, as the mapping has them now. A change is on record."""
        username = f"{provider.prefix}:{subject}"
        found = await principals.find_credentials(connection, username, lock=True)
        now_ms = self._clock.now_ms()
        if found is None:
            principal = Principal(
                principal_id=secrets.token_hex(8),
                username=username,
                disabled=False,
                create_ms=now_ms,
                display_name=mapped.display_name,
                organisation=mapped.organisation,
                line=mapped.line,
                roles=mapped.roles,
                scope=mapped.scope,
            )
            await principals.add(connection, principal, "")
        else:
            before = found[0]
            if before.disabled:
                raise PermissionDeniedError("auth.principal_disabled", "this account is disabled")
            principal = replace(
                before,
                display_name=mapped.display_name,
                organisation=mapped.organisation,
                line=mapped.line,
                roles=mapped.roles,
                scope=mapped.scope,
                jurisdiction="",
            )
            if principal == before:
                return before
            await principals.change(connection, principal, before.version)  # locked: as it was read
            revocations.add(connection, Kind.PRINCIPAL, principal.name, now_ms)
        principal = await load_principal(connection, principal.name)  # with the tier of the region
        actor = actor_of(principal, AccessClaims(principal.name), remote_address)
        roles = "+".join(sorted(principal.roles))
        detail = (
            f"{principal.name} {'created' if found is None else 'changed'} by provider {provider.name}: "
            f"{principal.line}, {roles}, regions/{principal.scope}"
        )
        await record_change(connection, actor, "principal.map", detail, now_ms)
        return principal

    def _client(self, name: str) -> ProviderClient:
        if not name and len(self._providers) == 1:
            return next(iter(self._providers.values()))
        client = self._providers.get(name)
        if client is None:
            raise NotFoundError("auth.oidc_unknown", "there is no such provider", field="provider")
        return client

    def _seal(self, login: dict[str, Any]) -> str:
        sealed = self._sealing.seal(json.dumps(login).encode())
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    def _unseal(self, sealed: str) -> dict[str, Any]:
        try:
            data = base64.urlsafe_b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4))
            login = json.loads(self._sealing.open(data))
        except ValueError as error:
            raise refused("this browser has begun no sign-in") from error
        if self._clock.now_ms() >= login["expire_ms"]:
            raise refused("this sign-in took too long")
        return dict(login)


async def _signed_by(client: ProviderClient, id_token: str) -> bytes:
    """What the provider has signed, by the keys that are kept or, failing these, by those it has now: a key
    may be replaced under the same id, or have none."""
    kept = await client.keys()
    signed = verify_signature(id_token, kept)
    if signed is None:
        signed = verify_signature(id_token, await client.keys(other_than=kept))
    if signed is None:
        raise refused("the ID token does not verify")
    return signed
