"""API keys that come elsewhere than in the `Authorization` header.

That header is `service.auth.authenticate`'s; where else a key is, a protocol knows.
"""

from __future__ import annotations

from service.auth import key_hash
from service.store.records import Site
from service.store.store import Store


def site_of(store: Store, key: str) -> Site | None:
    """The site that a key opens; None for one that opens nothing, an empty one too.

    Whatever is wrong with it, a key costs one hash and one query.
    """
    return store.site_of_key(key_hash(key))
