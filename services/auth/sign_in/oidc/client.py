"""Talks to a provider: its description (OpenID Connect Discovery 1.0), its keys, its token endpoint."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import TypeAdapter, ValidationError

from services.auth.sign_in.oidc.id_token import refused
from services.auth.sign_in.oidc.providers_file import Provider, Url
from snowlight.clock import Clock
from snowlight.errors import FailedPreconditionError, UnavailableError

TIMEOUT_S = 8.0
MAX_ANSWER_BYTES = 256 * 1024
DESCRIPTION_KEPT_S = 3600.0
MIN_KEYS_INTERVAL_S = 10.0

_URL: TypeAdapter[str] = TypeAdapter(Url)


@dataclass(frozen=True, slots=True)
class Description:
    """What a provider says of itself."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    takes_basic: bool
    """Whether its token endpoint takes the client's secret by HTTP Basic."""
    names_issuer: bool
    """Whether its answers name the issuer (RFC 9207)."""


class ProviderClient:
    """One provider, asked over HTTP. Raises UnavailableError("auth.oidc_unavailable") while it is away."""

    def __init__(self, provider: Provider, http: aiohttp.ClientSession, clock: Clock) -> None:
        self.provider = provider
        self._http = http
        self._clock = clock
        self._tls = _tls(provider)
        self._described: tuple[float, Description] | None = None
        self._keys: KeySet | None = None
        self._keys_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def description(self) -> Description:
        """At most an hour old."""
        now = self._clock.monotonic()
        if self._described is None or now - self._described[0] >= DESCRIPTION_KEPT_S:
            base = self.provider.issuer.rstrip("/")
            answer = await self._ask("GET", f"{base}/.well-known/openid-configuration")
            self._described = (now, _description(answer, self.provider))
        return self._described[1]

    async def keys(self, other_than: KeySet | None = None) -> KeySet:
        """The provider's keys. Those that are kept unless they are `other_than`, by which something does not
        verify: then fetched anew, at most once in ten seconds."""
        async with self._fetching:
            if self._keys is other_than and self._clock.monotonic() - self._keys_at >= MIN_KEYS_INTERVAL_S:
                self._keys_at = self._clock.monotonic()
                answer = await self._ask("GET", (await self.description()).jwks_uri)
                self._keys = _key_set(answer)
        if self._keys is None:
            raise _unavailable()
        return self._keys

    async def exchange(self, code: str, verifier: str) -> str:
        """The ID token for a code (RFC 6749 section 4.1.3). UnauthenticatedError when it is refused."""
        described = await self.description()
        provider = self.provider
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": provider.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {}
        if described.takes_basic:
            # RFC 6749 section 2.3.1: each part is encoded as in a form first.
            user, secret = quote(provider.client_id, safe=""), quote(provider.client_secret, safe="")
            headers["Authorization"] = aiohttp.encode_basic_auth(user, secret)
        else:
            form |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
        answer = await self._ask("POST", described.token_endpoint, data=form, headers=headers)
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise refused("the provider gave no ID token")
        return id_token

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        try:
            async with self._http.request(
                method,
                url,
                data=data,
                headers=headers,
                allow_redirects=False,
                ssl=self._tls,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            ) as response:
                body = await _read(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _unavailable() from error
        if response.status in (400, 401, 403):
            raise refused("the provider refuses")
        if response.status != 200:
            raise _unavailable()
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise _unavailable() from error
        if not isinstance(answer, dict):
            raise _unavailable()
        return answer


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_chunked(16 * 1024):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise aiohttp.ClientPayloadError("the answer is too long")
    return body


def _description(answer: dict[str, Any], provider: Provider) -> Description:
    if answer.get("issuer") != provider.issuer:
        raise _unavailable("names another issuer than the file")
    methods = answer.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    try:
        authorization, token, jwks = (
            _URL.validate_python(answer.get(name))
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
    except ValidationError as error:
        raise _unavailable("describes no endpoints that can be used") from error
    return Description(
        authorization,
        token,
        jwks,
        takes_basic="client_secret_basic" in methods,
        names_issuer=answer.get("authorization_response_iss_parameter_supported") is True,
    )


def _key_set(answer: dict[str, Any]) -> KeySet:
    """The keys that can be used; a set may hold others of kinds that are new."""
    kept = []
    for key in answer.get("keys") or []:
        try:
            kept.extend(KeySet.import_key_set({"keys": [key]}).keys)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
    return KeySet(kept)


def _tls(provider: Provider) -> ssl.SSLContext:
    """Trusts the authorities of the provider's file, or else the system's."""
    try:
        return ssl.create_default_context(cafile=provider.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise FailedPreconditionError(
            "config.oidc_file", f"provider {provider.name}: ca_file {provider.ca_file} cannot be read"
        ) from error


def _unavailable(problem: str = "does not answer as it should") -> UnavailableError:
    return UnavailableError("auth.oidc_unavailable", f"the provider {problem}")
