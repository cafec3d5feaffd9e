"""Tokens as an attacker would make them, and as only auth could: with any header, claims and bytes."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.auth.app import MIGRATIONS
from services.auth.signing_keys import SigningKeys
from snowlight.database import open_database
from tests.rpc.gateway.site import Site

Json = dict[str, Any]


@dataclass(frozen=True)
class Forge:
    """Makes tokens from a good one. Unless told otherwise, auth's own key signs."""

    good: str
    key: Ed25519PrivateKey

    @property
    def header(self) -> Json:
        return dict(json.loads(decoded(self.good.split(".")[0])))

    @property
    def claims(self) -> Json:
        return dict(json.loads(decoded(self.good.split(".")[1])))

    def with_header(self, **changes: Any) -> str:
        """The good claims under a changed header; None takes a member away."""
        return self.sign(dumped(changed(self.header, changes)), dumped(self.claims))

    def with_claims(self, **changes: Any) -> str:
        """Changed claims under the good header; None takes one away."""
        return self.sign(dumped(self.header), dumped(changed(self.claims, changes)))

    def sign(self, header: bytes, claims: bytes) -> str:
        """These very bytes, signed."""
        signed = f"{encoded(header)}.{encoded(claims)}"
        return f"{signed}.{encoded(self.key.sign(signed.encode()))}"

    def by_hmac(self, secret: bytes) -> str:
        """Signed by HS256 under `secret`."""
        signed = f"{encoded(dumped(self.header | {'alg': 'HS256'}))}.{encoded(dumped(self.claims))}"
        return f"{signed}.{encoded(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"

    def unsigned(self, algorithm: str) -> str:
        """Of an algorithm that signs nothing."""
        return f"{encoded(dumped(self.header | {'alg': algorithm}))}.{encoded(dumped(self.claims))}."

    @property
    def public_pem(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @property
    def public_raw(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


@asynccontextmanager
async def auths_key(site: Site) -> AsyncIterator[Ed25519PrivateKey]:
    """The key that auth signs with, out of its database."""
    url = f"sqlite+aiosqlite:///{site.runtime.cluster.data_dir / 'auth.db'}"
    async with open_database(url, service="auth", migrations=MIGRATIONS) as database:
        keys = SigningKeys(database, site.runtime.key.derive("auth-signing-key"), site.clock, publish_s=90)
        await keys.load()
        private = keys._signing.as_dict(private=True)["d"]
        yield Ed25519PrivateKey.from_private_bytes(decoded(str(private)))


def changed(values: Json, changes: Json) -> Json:
    """`values` with `changes`; None takes a member away."""
    return {name: value for name, value in (values | changes).items() if value is not None}


def dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
