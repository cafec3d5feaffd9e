"""Signing keys that come from a file, as an orchestrator's secret is mounted."""

import re
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from joserfc.jwk import OKPKey

from snowlight.errors import FailedPreconditionError

_PEM = re.compile(rb"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----", re.DOTALL)
_MAX_BYTES = 64 * 1024


def read_key_file(path: Path) -> list[OKPKey]:
    """The Ed25519 keys of a PEM file (PKCS#8, RFC 5958; RFC 8410), in its order: the first signs, the others
    are published.

    Raises FailedPreconditionError("config.signing_key_file").
    """
    try:
        with path.open("rb") as file:
            blocks = _PEM.findall(file.read(_MAX_BYTES))
        keys = [load_pem_private_key(block, None) for block in blocks]
    except OSError as error:
        raise _refused(path, "cannot be read") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _refused(path, "holds a private key that cannot be read") from error
    if not keys:
        raise _refused(path, "holds no PEM block PRIVATE KEY (PKCS#8, not encrypted)")
    return [_jwk(key, path) for key in keys]


def _jwk(key: object, path: Path) -> OKPKey:
    if not isinstance(key, Ed25519PrivateKey):
        raise _refused(path, "holds a key that is not Ed25519")
    return OKPKey.import_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _refused(path: Path, problem: str) -> FailedPreconditionError:
    return FailedPreconditionError(
        "config.signing_key_file", f"SNOWLIGHT_AUTH_SIGNING_KEY_FILE: {path} {problem}"
    )
