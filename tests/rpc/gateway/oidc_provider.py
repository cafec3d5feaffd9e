"""A small provider of OpenID Connect over real HTTP, whose ID tokens a test may bend."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus, urlencode

from aiohttp import web
from joserfc import jws
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "snowlight", "a secret + with / signs"
Claims = dict[str, Any]
Signed = Callable[[Claims], str]


@dataclass
class OidcProvider:
    """Lets everybody in as `claims` says. `sign` makes the ID token."""

    issuer: str
    redirect_uri: str
    claims: Claims = field(default_factory=lambda: {"sub": "u-1", "name": "王五", "groups": ["operators"]})
    keys: KeySet = field(
        default_factory=lambda: KeySet(
            [
                RSAKey.generate_key(2048, parameters={"kid": "rsa"}),
                ECKey.generate_key("P-256", parameters={"kid": "ec"}),
                OKPKey.generate_key("Ed25519", parameters={"kid": "okp"}),
            ]
        )
    )
    single_use: bool = True
    answers_issuer: str = ""
    keys_told: int = 0
    sign: Signed = field(init=False)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sign = lambda claims: self.signed(claims, "RS256", "rsa")

    def signed(self, claims: Claims, algorithm: str, key_id: str, *, named: bool = True) -> str:
        """A token of one of the provider's keys, which it names or not."""
        header = {"alg": algorithm, "typ": "JWT"} | ({"kid": key_id} if named else {})
        key = next(key for key in self.keys.keys if key.kid == key_id)
        return jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[algorithm])

    async def describe(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "authorization_response_iss_parameter_supported": True,
            }
        )

    def replace_rsa(self) -> None:
        """Go on with another RSA key under the same id."""
        others = [key for key in self.keys.keys if key.kid != "rsa"]
        self.keys = KeySet([RSAKey.generate_key(2048, parameters={"kid": "rsa"}), *others])

    async def jwks(self, _request: web.Request) -> web.Response:
        self.keys_told += 1
        return web.json_response(self.keys.as_dict(private=False))

    async def authorize(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        assert (query["response_type"], query["client_id"]) == ("code", CLIENT_ID)
        assert (query["redirect_uri"], query["code_challenge_method"]) == (self.redirect_uri, "S256")
        assert "openid" in query["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        answer = {"code": code, "state": query["state"], "iss": self.answers_issuer or self.issuer}
        raise web.HTTPFound(f"{self.redirect_uri}?{urlencode(answer)}")

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        basic = base64.b64decode(request.headers["Authorization"].partition(" ")[2]).decode()
        client_id, _, secret = basic.partition(":")
        if (unquote_plus(client_id), unquote_plus(secret)) != (CLIENT_ID, CLIENT_SECRET):
            return web.json_response({"error": "invalid_client"}, status=401)
        code = str(form["code"])
        asked = self._codes.pop(code, None) if self.single_use else self._codes.get(code)
        challenge = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        if (
            asked is None
            or form["redirect_uri"] != self.redirect_uri
            or base64.urlsafe_b64encode(challenge).decode().rstrip("=") != asked["code_challenge"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            **self.claims,
        }
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": self.sign(claims)})


@asynccontextmanager
async def run_provider(redirect_uri: str, port: int) -> AsyncIterator[OidcProvider]:
    """A provider on loopback while the context is open."""
    provider = OidcProvider(f"http://127.0.0.1:{port}", redirect_uri)
    app = web.Application()
    app.add_routes(
        [
            web.get("/.well-known/openid-configuration", provider.describe),
            web.get("/jwks", provider.jwks),
            web.get("/authorize", provider.authorize),
            web.post("/token", provider.token),
        ]
    )
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield provider
    finally:
        await runner.cleanup()
