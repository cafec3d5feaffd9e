"""Who acts, said by the client itself and signed with its certificate's key: metadata `snowlight-officer`.

A compact JWS (RFC 7515), `typ` "officer+jwt": `sub` the officer's number, `unit`, `incident`, `aud`
"snowlight", `iat` and `exp`, ten minutes apart at most. One statement serves as many calls as are made before
it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from joserfc import jws

from services.gateway.access.certificate import ClientCertificate
from snowlight.access import jwt
from snowlight.errors import UnauthenticatedError

METADATA = "snowlight-officer"
TYP = "officer+jwt"
AUDIENCE = "snowlight"
LONGEST_S = 600
LONGEST = 2_048
"""Characters."""
_ALGORITHMS = ["ES256", "ES384", "RS256", "PS256", "Ed25519", "EdDSA"]


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts for the client, and for what; "" each when nobody is named."""

    officer: str
    unit: str
    incident: str


def read_statement(text: str, certificate: ClientCertificate, now_ms: int) -> Acting:
    """Raises UnauthenticatedError("access.officer_invalid") that says what is wrong, and
    "access.officer_expired"."""
    if len(text) > LONGEST:
        raise invalid_statement(f"must have at most {LONGEST} characters")
    try:
        parsed = jws.deserialize_compact(text.encode("ascii"), certificate.key, algorithms=_ALGORITHMS)
        claims = jwt.parse_json(parsed.payload or b"")
    except jwt.REFUSALS as error:
        raise invalid_statement("is not signed with the key of this connection's certificate") from error
    if not isinstance(claims, dict) or parsed.headers().get("typ") != TYP:
        raise invalid_statement(f"must have typ {TYP}")
    if claims.get("aud") != AUDIENCE:
        raise invalid_statement(f"must have aud {AUDIENCE}")
    _check_times(claims, now_ms)
    return Acting(*(_text(claims, name) for name in ("sub", "unit", "incident")))


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip():
        raise invalid_statement(f"must say {name}")
    return value.strip()


def _check_times(claims: dict[str, Any], now_ms: int) -> None:
    begin, end = claims.get("iat"), claims.get("exp")
    if not isinstance(begin, int) or not isinstance(end, int):
        raise invalid_statement("must have iat and exp")
    if not 0 < end - begin <= LONGEST_S:
        raise invalid_statement(f"must end within {LONGEST_S} s of its beginning")
    if begin * 1000 > now_ms + jwt.SKEW_S * 1000:
        raise invalid_statement("is not valid yet: compare the clocks")
    if end * 1000 <= now_ms:
        raise UnauthenticatedError("access.officer_expired", f"{METADATA} has expired: sign a new one")


def invalid_statement(problem: str) -> UnauthenticatedError:
    """What a statement is refused with: it "must say unit"."""
    return UnauthenticatedError("access.officer_invalid", f"{METADATA} {problem}")
