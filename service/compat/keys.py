"""API keys that come elsewhere than in the `Authorization` header.

That header is `service.auth.authenticate`'s; where else a key is, a protocol knows.
"""

from __future__ import annotations

from wsgiref.types import WSGIEnvironment

from service.auth import key_hash
from service.limiting.admission import admit
from service.services import Services
from service.store.records import Site


def site_of(parts: Services, environ: WSGIEnvironment, key: str) -> Site | None:
    """The site that a key opens; None for one that opens nothing, an empty one too.

    Whatever is wrong with it, a key costs one hash and one query.  What one that is
    good sends is counted.

    Raises:
        TooManyRequests: it has sent as many as it may.
    """
    hashed = key_hash(key)
    site = parts.store.site_of_key(hashed)
    if site is not None:
        admit(parts.limiter, environ, hashed)
    return site
