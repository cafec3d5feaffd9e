"""The manifest's signature: a detached JWS (RFC 7515 appendix F) over its exact bytes, Ed25519 (RFC 9864)."""

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from snowlight.access.cluster_key import ClusterKey
from snowlight.errors import DataLossError, InvalidArgumentError

SIGNATURE_SUFFIX = ".jws"
ALGORITHM = "Ed25519"
TYPE = "snowlight-evidence"
_PURPOSE = "evidence manifests"
_MAX_PAYLOAD = 64 << 20
_PUBLIC_MEMBERS = frozenset({"kty", "crv", "x", "kid", "alg", "use", "key_ops"})


class _Registry(jws.JWSRegistry):
    """A manifest of a long window is longer than a token."""

    max_payload_length = _MAX_PAYLOAD


def evidence_key(cluster_key: ClusterKey) -> OKPKey:
    """The cluster's key for manifests. Its id is its thumbprint (RFC 7638)."""
    private = Ed25519PrivateKey.from_private_bytes(cluster_key.derive(_PURPOSE))
    key = OKPKey.import_key(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return OKPKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint()})


def public_jwk(key: OKPKey) -> str:
    """The key that others check with, as JSON (RFC 7517)."""
    return json.dumps(key.as_dict(private=False), sort_keys=True)


def sign(manifest: bytes, key: OKPKey) -> bytes:
    """The content of the file `manifest.json.jws`. The public key is in its header."""
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid, "jwk": key.as_dict(private=False)}
    compact = jws.serialize_compact(header, manifest, key, registry=_registry())
    protected, _, signature = compact.split(".")
    return f"{protected}..{signature}\n".encode()


def check_signature(manifest: bytes, signature: bytes, trusted: OKPKey | None) -> str:
    """The thumbprint of the key that signed `manifest`, which must be that of `trusted` where one is given.

    Raises DataLossError: `evidence.signature_malformed`, `.signature_wrong` or `.signer_unknown`.
    """
    signature = signature.strip()
    claimed = _key_of(signature)
    if trusted is not None and trusted.thumbprint() != claimed.thumbprint():
        raise DataLossError(
            "evidence.signer_unknown", f"signed by {claimed.thumbprint()}, not by {trusted.thumbprint()}"
        )
    # What the signature says of its key may be a lie: where one is trusted, that one decides.
    key = claimed if trusted is None else trusted
    try:
        jws.deserialize_compact(signature, key, registry=_registry(), payload=manifest)
    except (JoseError, ValueError) as error:
        raise DataLossError(
            "evidence.signature_wrong", "the manifest is not what was signed, or the signature was changed"
        ) from error
    return key.thumbprint()


def read_public_key(path: Path) -> OKPKey:
    """A key as `public_jwk` writes it. Raises InvalidArgumentError("evidence.key_malformed")."""
    try:
        return _import_public(json.loads(path.read_bytes()))
    except (OSError, ValueError, JoseError) as error:
        raise InvalidArgumentError(
            "evidence.key_malformed", f"{path} is no public key (JWK, Ed25519)", field="key"
        ) from error


def _key_of(signature: bytes) -> OKPKey:
    """The key that `signature` says it was made with."""
    try:
        header = jws.extract_compact(signature, b"", _registry()).headers()
        if header.get("typ") != TYPE or header.get("alg") != ALGORITHM:
            raise ValueError("of another kind")
        if signature.split(b".")[1]:
            raise ValueError("it brings what was signed along: that would be checked, and not the manifest")
        return _import_public(header.get("jwk"))
    except (JoseError, ValueError, AttributeError) as error:
        raise DataLossError("evidence.signature_malformed", "the signature cannot be read") from error


def _import_public(jwk: object) -> OKPKey:
    """A public key from nothing but its public members. Raises ValueError and JoseError.

    A key that has `d` too is taken from that, while its thumbprint is that of `x`: it could pass for another.
    """
    if not isinstance(jwk, dict) or not set(jwk) <= _PUBLIC_MEMBERS:
        raise ValueError("not a public key, or more than one")
    if (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519") or not isinstance(jwk.get("x"), str):
        raise ValueError("no key of Ed25519")
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": jwk["x"]})


def _registry() -> jws.JWSRegistry:
    return _Registry(algorithms=[ALGORITHM])
