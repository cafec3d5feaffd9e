"""The secret all services of a cluster share, and the keys derived from it."""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from snowlight.config import ClusterSettings
from snowlight.errors import FailedPreconditionError

MIN_LENGTH = 32


class ClusterKey:
    """Holds the secret and derives one key for each purpose (HKDF, RFC 5869)."""

    def __init__(self, secret: str) -> None:
        if len(secret) < MIN_LENGTH:
            raise FailedPreconditionError(
                "config.cluster_key", f"SNOWLIGHT_CLUSTER_KEY must have at least {MIN_LENGTH} characters"
            )
        self._secret = secret.encode()

    def derive(self, purpose: str) -> bytes:
        """32 bytes that belong to `purpose` alone."""
        return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(self._secret)


def load_cluster_key(settings: ClusterSettings, *, create: bool) -> ClusterKey:
    """The key from the settings, or from `data_dir/cluster.key`, which the embedded default may create."""
    if settings.cluster_key is not None:
        return ClusterKey(settings.cluster_key.get_secret_value())
    path = settings.data_dir / "cluster.key"
    if not path.exists():
        if not create:
            raise FailedPreconditionError(
                "config.cluster_key", f"SNOWLIGHT_CLUSTER_KEY is not set and {path} does not exist"
            )
        _create(path)
    return ClusterKey(path.read_text().strip())


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
