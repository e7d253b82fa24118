"""The hash chain over the log of decisions: what is hashed, and how.  Pure functions.

Every decision has an entry, whose hash covers the hash before it, the entry's number,
the decision's facts and a hash of its details (SHA-256, FIPS 180-4).  Facts hold no
text and name nobody: they stay for good.  Details may quote, or name a person: they are
hashed with a salt of their own, and erasing takes them and the salt.  Then the chain
still proves the facts, and nobody can find out by trying what the details were.

Who changes, removes or inserts something has to make anew every hash from there on; and
then the last one is another than the one that was noted elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

FACTS = (
    "key",
    "comment_key",
    "number",
    "revision",
    "outcome",
    "flagged",
    "model",
    "policy",
    "decided_at",
    "kind",
    "rule",
    "waiting",
    "waiting_since",
    "together_with",
)
"""Columns of `decisions` that stay for good; times as whole microseconds."""

DETAILS = ("reasons", "scores", "notice", "decided_by", "note")
"""Columns of `decisions` that erasing takes."""

BEGINNING = bytes(32)
"""The hash before the first entry."""

SALT = 16
"""Bytes; so many that trying all of them is out of the question."""

Value = str | int | bool | None

# Of its own, not `service.compact`'s: old entries have to read the same for ever.
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def details_hash(salt: bytes, details: Sequence[Value]) -> bytes:
    """Hash what can be erased: 32 bytes.

    Args:
        salt: SALT random bytes.
        details: the values of DETAILS, in their order.
    """
    return sha256(salt + _encode(list(details)).encode()).digest()


def entry_hash(
    before: bytes, number: int, facts: Sequence[Value], details: bytes
) -> bytes:
    """Hash an entry onto the chain: 32 bytes.

    Args:
        before: the hash of the entry before it.
        number: its own, from 1.
        facts: the values of FACTS, in their order.
        details: of `details_hash`.
    """
    return sha256(before + details + _encode([number, *facts]).encode()).digest()
