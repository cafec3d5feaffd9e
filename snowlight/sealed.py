"""Bytes that are kept where others may read them."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_LENGTH = 12  # NIST SP 800-38D, 8.2.2: random, 96 bits


class Sealed:
    """AES-256-GCM. What is sealed begins with its nonce, and opens only with the key and the `about` that it
    was sealed with."""

    def __init__(self, key: bytes) -> None:
        """`key` has 32 bytes."""
        self._cipher = AESGCM(key)

    def seal(self, data: bytes, about: bytes = b"") -> bytes:
        """`data`, encrypted."""
        nonce = os.urandom(_NONCE_LENGTH)
        return nonce + self._cipher.encrypt(nonce, data, about)

    def open(self, sealed: bytes, about: bytes = b"") -> bytes:
        """What was sealed. Raises ValueError for anything else."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:], about)
        except InvalidTag as error:
            raise ValueError("not sealed with this key") from error
