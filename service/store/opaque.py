"""Hashes that stand for ids: the same for the same one, and nobody finds out which.

Each purpose has a key of its own, so that what is known of one tells nothing of others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from hashlib import blake2b

from service.store.records import storable


class Opaque:
    """Hides the ids of sites' comments, authors and articles.  Safe for threads."""

    def __init__(self, key_for: Callable[[str], bytes], purpose: str) -> None:
        """Wire the parts.

        Args:
            key_for: of `Store.key_for`; not called before it is needed.
            purpose: what the key is for.
        """
        self._key_for = key_for
        self._purpose = purpose

    def of(self, kind: str, site_id: int, id: str) -> bytes:
        """What stands for an id of a kind, as sent or as stored: 16 bytes."""
        name = f"{kind}\n{site_id}\n{storable(id)}".encode()
        return blake2b(name, key=self._key, digest_size=16).digest()

    @cached_property
    def _key(self) -> bytes:
        return self._key_for(self._purpose)
