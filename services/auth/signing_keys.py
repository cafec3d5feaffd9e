"""The keys auth signs with: made at the first start, encrypted at rest, replaced without a break."""

import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc.jwk import OKPKey

from services.auth.repository import signing_keys as stored_keys
from services.auth.repository.signing_keys import StoredKey
from snowlight.access import jwt
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import FailedPreconditionError

VERIFY_RETIRED_MS = 13 * 3_600_000
"""How long a retired key stays in the key set: longer than any ticket lives."""

_KEY_ID_LENGTH = 16
_NONCE_LENGTH = 12


class SigningKeys:
    """Signs tokens. `sealing_key` (32 bytes) encrypts private keys in the database."""

    def __init__(self, database: Database, sealing_key: bytes, clock: Clock) -> None:
        self._database = database
        self._cipher = AESGCM(sealing_key)
        self._clock = clock
        self._signing: OKPKey | None = None

    async def load(self) -> None:
        """Read the key that signs, and make one if there is none yet. Again now and then: another process of
        auth may have rotated it.

        Raises FailedPreconditionError when it was encrypted under another cluster key.
        """
        async with self._database.read() as connection:
            stored = await stored_keys.find_signing(connection)
        if stored is None:
            async with self._database.write() as connection:
                await stored_keys.add(connection, self._new_key(), self._clock.now_ms())
                # Another process may have been first: what is kept counts.
                stored = await stored_keys.find_signing(connection)
            assert stored is not None
        if self._signing is None or self._signing.kid != stored.key_id:
            self._signing = self._unseal(stored)

    async def rotate(self) -> str:
        """Sign with a new key from now on. Returns its id."""
        now_ms = self._clock.now_ms()
        key = self._new_key()
        async with self._database.write() as connection:
            await stored_keys.retire_signing(connection, now_ms)
            await stored_keys.add(connection, key, now_ms)
        await self.load()
        return self.key_id

    @property
    def key_id(self) -> str:
        """The id of the key that signs."""
        return str(self._loaded.kid)

    def sign(self, claims: dict[str, Any], typ: str) -> str:
        """`claims` with auth as issuer, as a compact JWT."""
        return jwt.encode({"iss": jwt.AUTH_ISSUER, **claims}, self._loaded, algorithm=jwt.SIGNATURE, typ=typ)

    async def jwks_json(self) -> str:
        """The public keys (RFC 7517): the one that signs, and those whose tokens may still be valid."""
        async with self._database.read() as connection:
            kept = await stored_keys.list_verifying(
                connection, retired_after_ms=self._clock.now_ms() - VERIFY_RETIRED_MS
            )
        return json.dumps({"keys": [key.public_jwk for key in kept]}, separators=(",", ":"))

    @property
    def _loaded(self) -> OKPKey:
        if self._signing is None:
            raise FailedPreconditionError("auth.signing_key_missing", "the signing key is not loaded yet")
        return self._signing

    def _new_key(self) -> StoredKey:
        key = OKPKey.generate_key("Ed25519")
        key_id = key.thumbprint()[:_KEY_ID_LENGTH]  # it is in every ticket's URL: short
        public = {**key.as_dict(private=False), "kid": key_id, "use": "sig", "alg": jwt.SIGNATURE}
        nonce = os.urandom(_NONCE_LENGTH)
        private = json.dumps(key.as_dict(private=True)).encode()
        return StoredKey(key_id, public, nonce + self._cipher.encrypt(nonce, private, key_id.encode()))

    def _unseal(self, stored: StoredKey) -> OKPKey:
        sealed = stored.private_sealed or b""
        nonce, encrypted = sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:]
        try:
            private = self._cipher.decrypt(nonce, encrypted, stored.key_id.encode())
        except (InvalidTag, ValueError) as error:
            raise FailedPreconditionError(
                "auth.signing_key_sealed", "the signing key was encrypted under another cluster key"
            ) from error
        return OKPKey.import_key({**json.loads(private), "kid": stored.key_id})
