"""Signed heads of days, and signed statements of what retention dropped: compact JWS (RFC 7515), Ed25519.

The key follows from the cluster's: no rotation of the keys for tokens touches it, nothing of it lies in the
database, and what it signed verifies for as long as anybody keeps it.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.jwk import OKPKey

from services.auth.audit.chain import day_name, day_of_name
from snowlight.access import jwt
from snowlight.access.cluster_key import ClusterKey
from snowlight.errors import DataLossError, UnauthenticatedError

HEAD_TYP = "snowlight-audit-head"
DROP_TYP = "snowlight-audit-drop"
_PURPOSE = "audit heads"


@dataclass(frozen=True, slots=True)
class Head:
    """How far a day's chain has come: `count` records, the last of them with `hash`."""

    day: int
    count: int
    hash: bytes
    previous: str
    """SHA-256 (hex) of the JWS of the day before; empty for the first day of all."""
    sealed: bool
    """The day is over, and nothing is added to it."""
    signed_ms: int


@dataclass(frozen=True, slots=True)
class Drop:
    """A month, [start, end) in ms, whose records retention dropped."""

    start_ms: int
    end_ms: int
    signed_ms: int


class HeadSigner:
    """Signs and checks heads and drops."""

    def __init__(self, cluster_key: ClusterKey) -> None:
        private = Ed25519PrivateKey.from_private_bytes(cluster_key.derive(_PURPOSE))
        key = OKPKey.import_key(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self._key = OKPKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint()})

    @property
    def public_jwk(self) -> str:
        """The key that others check with, as JSON (RFC 7517)."""
        return json.dumps(
            {**self._key.as_dict(private=False), "use": "sig", "alg": jwt.SIGNATURE}, sort_keys=True
        )

    def sign(self, head: Head) -> str:
        """The head as a compact JWS."""
        claims = {
            "day": day_name(head.day),
            "count": head.count,
            "hash": head.hash.hex(),
            "previous": head.previous,
            "sealed": head.sealed,
            "signed_ms": head.signed_ms,
        }
        return self._encode(claims, HEAD_TYP)

    def check(self, signed: str) -> Head:
        """The head that was signed. Raises DataLossError("audit.head_wrong")."""
        claims = self._decode(signed, HEAD_TYP)
        try:
            return Head(
                day_of_name(claims["day"]),
                int(claims["count"]),
                bytes.fromhex(claims["hash"]),
                str(claims["previous"]),
                claims["sealed"] is True,
                int(claims["signed_ms"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise _wrong("it lacks what a head says") from error

    def sign_drop(self, drop: Drop) -> str:
        """The statement as a compact JWS."""
        claims = {"start_ms": drop.start_ms, "end_ms": drop.end_ms, "signed_ms": drop.signed_ms}
        return self._encode(claims, DROP_TYP)

    def check_drop(self, signed: str) -> Drop:
        """The statement that was signed. Raises DataLossError("audit.head_wrong")."""
        claims = self._decode(signed, DROP_TYP)
        try:
            return Drop(int(claims["start_ms"]), int(claims["end_ms"]), int(claims["signed_ms"]))
        except (KeyError, TypeError, ValueError) as error:
            raise _wrong("it lacks what a drop says") from error

    def _encode(self, claims: dict[str, Any], typ: str) -> str:
        return jwt.encode({"iss": jwt.AUTH_ISSUER, **claims}, self._key, algorithm=jwt.SIGNATURE, typ=typ)

    def _decode(self, signed: str, typ: str) -> dict[str, Any]:
        try:
            header = jwt.read_header(signed)
            if header.get("typ") != typ:
                raise _wrong("it is a signature of another kind")
            if header.get("kid") != self._key.kid:
                raise _wrong(f"another key signed it: {header.get('kid')}")
            parsed = jws.deserialize_compact(signed.encode("ascii"), self._key, algorithms=[jwt.SIGNATURE])
            claims = json.loads(parsed.payload or b"")
        except UnauthenticatedError as error:
            raise _wrong(error.detail) from error
        except jwt.REFUSALS as error:
            raise _wrong("the signature does not verify") from error
        if not isinstance(claims, dict):
            raise _wrong("it holds no claims")
        return claims


def fingerprint(signed: str) -> str:
    """What the next day's head names this one by: SHA-256 of the JWS, hex."""
    return hashlib.sha256(signed.encode()).hexdigest()


def _wrong(detail: str) -> DataLossError:
    return DataLossError("audit.head_wrong", detail)
