"""The keys auth signs with: made at the first start and encrypted at rest, or from a file.

They are replaced so that no token fails.

A new key is published some time before it signs. Whoever verifies keeps the key set for a while (60 s of the
gateway's answer by its Cache-Control) and asks anew at most every few seconds.
"""

import json
from collections.abc import Sequence
from typing import Any

from joserfc.jwk import OKPKey

from services.auth.changes import record_change
from services.auth.model import ADMINISTRATOR, Actor
from services.auth.repository import signing_keys as stored_keys
from services.auth.repository.signing_keys import StoredKey
from snowlight.access import jwt
from snowlight.clock import Clock
from snowlight.database import Database
from snowlight.errors import FailedPreconditionError
from snowlight.instants import format_instant
from snowlight.sealed import Sealed

VERIFY_RETIRED_MS = 13 * 3_600_000
"""How long a retired key stays in the key set: longer than any ticket lives."""
PUBLISH_AGAIN_MS = 600_000
"""How often a file's keys are noted as being in use: with it, tickets still live shorter than their keys."""

_KEY_ID_LENGTH = 16


class SigningKeys:
    """Signs tokens. `sealing_key` (32 bytes) encrypts private keys in the database; of `file_keys` the first
    signs instead. A new key is published `publish_s` seconds before it signs."""

    def __init__(
        self,
        database: Database,
        sealing_key: bytes,
        clock: Clock,
        *,
        publish_s: int,
        file_keys: Sequence[OKPKey] = (),
    ) -> None:
        self._database = database
        self._sealing = Sealed(sealing_key)
        self._clock = clock
        self._publish_s = publish_s
        self._file_keys = [_with_id(key) for key in file_keys]
        self._published_ms = 0
        self._sealed: list[tuple[int, OKPKey]] = []
        """From when on each signs, ms; the last one that may."""

    async def load(self) -> None:
        """Read the keys that sign and will, and make one if there is none yet. Again every few seconds:
        another process of auth may have rotated them.

        Raises FailedPreconditionError when one was encrypted under another cluster key.
        """
        if self._file_keys:
            await self._publish_file_keys()
            return
        async with self._database.read() as connection:
            stored = await stored_keys.list_private(connection)
        now_ms = self._clock.now_ms()
        if not stored:
            async with self._database.write() as connection:
                await stored_keys.add(connection, self._new_key(sign_ms=now_ms), now_ms)
                # Another process may have been first: what is kept counts.
                stored = await stored_keys.list_private(connection)
        if [key.key_id for key in stored] != [str(key.kid) for _, key in self._sealed]:
            self._sealed = [(key.sign_ms, self._unseal(key)) for key in stored]
        # A second late, so that every process, by its own clock, signs with the next one before.
        if len(stored) > 1 and now_ms >= stored[1].sign_ms + 1000:
            async with self._database.write() as connection:
                await stored_keys.promote_next(connection, now_ms)

    async def rotate(self) -> tuple[str, int]:
        """Publish a new key, unless one waits already. Its id, and from when on it signs, ms.

        Raises FailedPreconditionError("auth.keys_from_file").
        """
        if self._file_keys:
            raise FailedPreconditionError(
                "auth.keys_from_file",
                "the keys come from a file: add a new one behind the first, and once every process of auth "
                "has it, put it first",
            )
        now_ms = self._clock.now_ms()
        async with self._database.write() as connection:
            await stored_keys.promote_next(connection, now_ms)
            await stored_keys.add_next(
                connection, self._new_key(sign_ms=now_ms + self._publish_s * 1000), now_ms
            )
            newest = (await stored_keys.list_private(connection))[-1]
            detail = f"keys/{newest.key_id} signs from {format_instant(newest.sign_ms)}"
            await record_change(connection, Actor(ADMINISTRATOR), "keys.rotate", detail, now_ms)
        await self.load()
        return newest.key_id, newest.sign_ms

    @property
    def key_id(self) -> str:
        """The id of the key that signs."""
        return str(self._signing.kid)

    def sign(self, claims: dict[str, Any], typ: str) -> str:
        """`claims` with auth as issuer, as a compact JWT."""
        return jwt.encode({"iss": jwt.AUTH_ISSUER, **claims}, self._signing, algorithm=jwt.SIGNATURE, typ=typ)

    async def jwks_json(self) -> str:
        """The public keys (RFC 7517): those that sign or will, and those whose tokens may still be valid."""
        async with self._database.read() as connection:
            kept = await stored_keys.list_verifying(
                connection, retired_after_ms=self._clock.now_ms() - VERIFY_RETIRED_MS
            )
        return json.dumps({"keys": [key.public_jwk for key in kept]}, separators=(",", ":"))

    @property
    def _signing(self) -> OKPKey:
        if self._file_keys:
            return self._file_keys[0]
        if not self._sealed:
            raise FailedPreconditionError("auth.signing_key_missing", "the signing key is not loaded yet")
        now_ms = self._clock.now_ms()
        due = [key for sign_ms, key in self._sealed if sign_ms <= now_ms]
        return due[-1] if due else self._sealed[0][1]

    async def _publish_file_keys(self) -> None:
        now_ms = self._clock.now_ms()
        if now_ms - self._published_ms < PUBLISH_AGAIN_MS:
            # Still seen whether the database answers: who calls wants to know.
            async with self._database.read() as connection:
                await stored_keys.list_private(connection)
            return
        async with self._database.write() as connection:
            for key in self._file_keys:
                await stored_keys.publish(connection, StoredKey(str(key.kid), _public(key), None), now_ms)
        self._published_ms = now_ms

    def _new_key(self, *, sign_ms: int) -> StoredKey:
        key = _with_id(OKPKey.generate_key("Ed25519"))
        key_id = str(key.kid)
        private = json.dumps(key.as_dict(private=True)).encode()
        return StoredKey(key_id, _public(key), self._sealing.seal(private, key_id.encode()), sign_ms)

    def _unseal(self, stored: StoredKey) -> OKPKey:
        try:
            private = self._sealing.open(stored.private_sealed or b"", stored.key_id.encode())
        except ValueError as error:
            raise FailedPreconditionError(
                "auth.signing_key_sealed", "the signing key was encrypted under another cluster key"
            ) from error
        return OKPKey.import_key({**json.loads(private), "kid": stored.key_id})


def _with_id(key: OKPKey) -> OKPKey:
    key_id = key.thumbprint()[:_KEY_ID_LENGTH]  # it is in every ticket's URL: short
    return OKPKey.import_key({**key.as_dict(private=True), "kid": key_id})


def _public(key: OKPKey) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": key.kid, "use": "sig", "alg": jwt.SIGNATURE}
