"""Signatures that Coral puts on what it sends.

    X-Coral-Signature: sha256=HEX[,sha256=HEX …]

Each is the HMAC-SHA256 (RFC 2104) of the body as it was sent, byte for byte, with one
of the endpoint's secrets, prefix and all; while one is being replaced there are two.
Coral signs no time, so whoever has seen a request can send it again; here that is no
more than asking twice.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence

from service.store.coral import Secret

HEADER = "HTTP_X_CORAL_SIGNATURE"
"""Its name in WSGI."""
MOST = 16
"""Signatures of a request that are looked at."""

_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})", re.ASCII | re.IGNORECASE)


def signatures(header: str | None) -> list[bytes]:
    """The signatures in a header, of 32 bytes each; what is none is passed over."""
    parts = (header or "").split(",", MOST)[:MOST]
    found = (_SIGNATURE.fullmatch(part.strip()) for part in parts)
    return [bytes.fromhex(match[1]) for match in found if match]


def signer(
    secrets: Sequence[Secret], given: Sequence[bytes], body: bytes
) -> Secret | None:
    """The secret that signed a body; the first one if several did, None if none did.

    Every secret is tried, and compared with every signature in constant time, whichever
    fits: the time an answer takes tells nothing about them.
    """
    found: Secret | None = None
    for secret in reversed(secrets):
        right = hmac.digest(secret.secret.encode(), body, "sha256")
        fits = [hmac.compare_digest(right, one) for one in given]
        if any(fits):
            found = secret
    return found
