"""Which accepted comments people look at all the same, so that misses are ever seen.

Draws and keeps nothing; what becomes of a sample is `service.moderation`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from hashlib import blake2b

PURPOSE = "samples"
"""What the key is for that nobody can foresee the choice without."""


class Sampling:
    """Chooses a share of comments.  Safe for threads.

    By a keyed hash: so authors cannot tell what will be looked at, and a comment that
    is sent again, to whichever process, is chosen again or is not again.
    """

    def __init__(self, share: float, key_for: Callable[[str], bytes]) -> None:
        """Prepare the choice; nothing is read yet.

        Args:
            share: of comments that are chosen, in [0, 1]; 0 chooses none, 1 all.
            key_for: of `Store.key_for`.
        """
        self._below = share * 2**64
        self._key_for = key_for

    def chooses(self, site_id: int, comment_id: str, text_hash: bytes) -> bool:
        """Whether a comment is one of the share.

        Args:
            site_id: of `Site.id`.
            comment_id: the site's own; another text of the same is another choice.
            text_hash: of `Store.text_hash`.

        Raises:
            StoreUnavailable: the key cannot be read, which is done once.
        """
        if not self._below:
            return False
        name = text_hash + f"{site_id}\n{comment_id}".encode()
        drawn = blake2b(name, key=self._key, digest_size=8).digest()
        return int.from_bytes(drawn) < self._below

    @cached_property
    def _key(self) -> bytes:
        return self._key_for(PURPOSE)
