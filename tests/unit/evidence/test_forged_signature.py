"""A manifest that somebody else made never passes for one of the trusted key."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from snowlight.access.cluster_key import ClusterKey
from snowlight.errors import DataLossError, InvalidArgumentError
from snowlight.evidence.signature import (
    ALGORITHM,
    TYPE,
    check_signature,
    evidence_key,
    public_jwk,
    read_public_key,
    sign,
)

KEY = evidence_key(ClusterKey("a cluster key that is long enough for a test"))
TRUSTED = {name: KEY.as_dict(private=False)[name] for name in ("kty", "crv", "x")}
ATTACKER = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
TRUE, FORGED = b'{"case_number": "1"}', b'{"case_number": "2"}'


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signature_of(
    manifest: bytes, make: Callable[[bytes], bytes], *, alg: str = ALGORITHM, **members: Any
) -> bytes:
    """A detached JWS, made by hand so that its header may say anything."""
    protected = encoded(json.dumps({"alg": alg, "typ": TYPE, **members}).encode())
    return f"{protected}..{encoded(make(f'{protected}.{encoded(manifest)}'.encode()))}\n".encode()


def hmac_with_public_key(data: bytes) -> bytes:
    """What verifies where a public key is taken for a shared secret."""
    mac = HMAC(KEY.public_key.public_bytes_raw(), SHA256())
    mac.update(data)
    return mac.finalize()


D = encoded(ATTACKER.private_bytes_raw())
FORGERIES = {
    "trusted x, own d": signature_of(FORGED, ATTACKER.sign, jwk={**TRUSTED, "d": D}),
    "trusted x and kid, own d": signature_of(
        FORGED, ATTACKER.sign, kid=KEY.kid, jwk={**TRUSTED, "kid": KEY.kid, "d": D}
    ),
    "trusted x alone": signature_of(FORGED, ATTACKER.sign, jwk=TRUSTED),
    "no key": signature_of(FORGED, ATTACKER.sign, kid=KEY.kid),
    "a key that is none": signature_of(FORGED, ATTACKER.sign, jwk="x"),
    "a shared secret": signature_of(FORGED, ATTACKER.sign, jwk={"kty": "oct", "k": D, "x": TRUSTED["x"]}),
    "another type": signature_of(FORGED, ATTACKER.sign, jwk={**TRUSTED, "kty": "EC"}),
    "another curve": signature_of(FORGED, ATTACKER.sign, jwk={**TRUSTED, "crv": "Ed448"}),
    "x that is no text": signature_of(FORGED, ATTACKER.sign, jwk={**TRUSTED, "x": 7}),
    "x that is no key": signature_of(FORGED, ATTACKER.sign, jwk={**TRUSTED, "x": "AA"}),
    "no algorithm": signature_of(FORGED, lambda data: b"", alg="none", jwk=TRUSTED),
    "HS256": signature_of(FORGED, hmac_with_public_key, alg="HS256", jwk=TRUSTED),
    "EdDSA": signature_of(FORGED, ATTACKER.sign, alg="EdDSA", jwk={**TRUSTED, "d": D}),
    "an algorithm that there is not": signature_of(FORGED, ATTACKER.sign, alg="X", jwk=TRUSTED),
    "a true signature with what it is of": sign(TRUE, KEY).replace(b"..", f".{encoded(TRUE)}.".encode()),
    "nothing": b"",
    "a header that is no object": b"W10..AA",
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_manifest_is_refused(name: str) -> None:
    for trusted in (KEY, None):
        with pytest.raises(DataLossError, match=r"evidence\.sign"):
            check_signature(FORGED, FORGERIES[name], trusted)


def test_what_the_trusted_key_signed_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "cluster.jwk"
    file.write_text(public_jwk(KEY))
    assert check_signature(TRUE, sign(TRUE, KEY), read_public_key(file)) == KEY.thumbprint()
    made_by_hand = signature_of(TRUE, ATTACKER.sign, jwk={**TRUSTED, "x": encoded(public_bytes())})
    assert check_signature(TRUE, made_by_hand, None) != KEY.thumbprint(), "forgeries fail for their forging"


@pytest.mark.parametrize("change", [{"d": D}, {"kty": "oct"}, {"crv": "Ed448"}, {"x": "AA"}, {"x": None}])
def test_a_key_to_trust_is_a_public_one_of_ed25519(tmp_path: Path, change: dict[str, str | None]) -> None:
    file = tmp_path / "cluster.jwk"
    file.write_text(json.dumps({**TRUSTED, **change}))
    with pytest.raises(InvalidArgumentError, match=r"evidence\.key_malformed"):
        read_public_key(file)


def public_bytes() -> bytes:
    return ATTACKER.public_key().public_bytes_raw()
