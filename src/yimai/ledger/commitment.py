"""What stands in a fact for contents that lie in the vault."""

from __future__ import annotations

import hashlib

SALT_LENGTH = 32


def commitment(salt: bytes, contents: bytes) -> bytes:
    """Return SHA-256(salt ‖ contents): binding, and without the 32-byte salt telling nothing about the contents.

    Raises ValueError if the salt is not 32 bytes long, since then the boundary between both would be open.
    """
    if len(salt) != SALT_LENGTH:
        raise ValueError(f"a salt has {SALT_LENGTH} bytes, not {len(salt)}")
    return hashlib.sha256(salt + contents).digest()
