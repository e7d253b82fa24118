"""Labels set aside to judge a candidate by: nothing alike is on both sides.

A model that has seen an author's other comments, a thread, or the same text with one
word more, looks better than it is.  Leaves out what is measured on them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from model.dataset import EDGE, skeleton
from model.labels import Label

SHARE = 0.25
"""Share of the articles whose labels are held out."""

HELD_COUNTS = 1.5
"""How much a held-out label counts when one side has to give up.

By mere numbers the smaller side would lose most of it: of 2,000 labels by 600 authors
under 300 articles 126 to 174 were left to judge by, with 1.5 it is 147 to 212.
"""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Labels to learn from, labels to judge by, and how many are neither."""

    train: list[Label]
    held_out: list[Label]
    left_out: int


def hold_out(labels: Sequence[Label], *, share: float = SHARE) -> HeldOut:
    """Split labels so that no author, article or near-duplicate is on both sides.

    All labels of an article are on one side, chosen by its hash; without an article the
    text's beginning stands for it.  Where an author, or texts that begin or end alike,
    are on both sides nevertheless, the side with fewer of them gives them up; a
    held-out label counts for HELD_COUNTS.

    Args:
        labels: in any order; the split is the same in every order.
        share: of the articles that are held out, in (0, 1).
    """
    keys = [near_duplicate_keys(label.text) for label in labels]
    is_held = [
        _fraction(f"article:{label.article}" if label.article else its[0]) < share
        for label, its in zip(labels, keys, strict=True)
    ]
    kept = set(range(len(labels)))
    for _, members in sorted(_members(labels, keys).items()):
        kept -= _given_up([i for i in members if i in kept], is_held)
    return HeldOut(
        train=[labels[i] for i in sorted(kept) if not is_held[i]],
        held_out=[labels[i] for i in sorted(kept) if is_held[i]],
        left_out=len(labels) - len(kept),
    )


def near_duplicate_keys(text: str) -> list[str]:
    """What texts that are nearly the same share at least one of.

    The first and the last EDGE letters; of a shorter text, all of them.
    """
    letters = skeleton(text)
    keys = [f"text:{letters[:EDGE]}"]
    return keys if len(letters) <= EDGE else [*keys, f"text:{letters[-EDGE:]}"]


def _members(
    labels: Sequence[Label], keys: Sequence[list[str]]
) -> dict[str, list[int]]:
    """Which labels share an author or a near-duplicate key."""
    members: dict[str, list[int]] = defaultdict(list)
    for i, (label, its) in enumerate(zip(labels, keys, strict=True)):
        for key in its if label.author is None else [f"author:{label.author}", *its]:
            members[key].append(i)
    return members


def _given_up(members: Sequence[int], is_held: Sequence[bool]) -> set[int]:
    """Those on the side that counts less; if both count alike, those to learn from."""
    held = {i for i in members if is_held[i]}
    learnt = set(members) - held
    return learnt if len(learnt) <= HELD_COUNTS * len(held) else held


def _fraction(key: str) -> float:
    """A number in [0, 1) that is always the same for this key."""
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8)
    return int.from_bytes(digest.digest()) / 2**64
