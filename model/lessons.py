"""What a label teaches, and how labels are named on a version's card.

Shared by both ways of training, so that a decision means the same to each.  Leaves out
how much it counts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from model.finding import RULE_OF, Attribute
from model.judge import ATTRIBUTE_OF
from model.labels import Label, write_row


def taught(label: Label) -> dict[Attribute, int]:
    """What is known of the attributes once people have decided.

    An accepted comment breaks no rule.  A rejected one breaks the rule that was named,
    and nobody said that it breaks no other; where none was named, no more is known than
    that it is unwanted.
    """
    if not label.rejected:
        return dict.fromkeys((Attribute.TOXICITY, *RULE_OF), 0)
    known = {Attribute.TOXICITY: 1}
    if label.rule is not None:
        known[ATTRIBUTE_OF[label.rule]] = 1
    return known


def described(labels: Sequence[Label]) -> Mapping[str, Any]:
    """Labels for the card: how many of what, and a name for exactly these."""
    outcomes = Counter("rejected" if label.rejected else "accepted" for label in labels)
    rules = Counter(label.rule or "none" for label in labels if label.rejected)
    return {
        "count": len(labels),
        "fingerprint": fingerprint_of(labels),
        "kinds": dict(sorted(Counter(label.kind for label in labels).items())),
        "rules": {str(rule): count for rule, count in sorted(rules.items())},
        "outcomes": dict(sorted(outcomes.items())),
    }


def fingerprint_of(labels: Sequence[Label]) -> str:
    """A short name for exactly these labels, in any order."""
    digest = hashlib.blake2b(digest_size=8)
    for row in sorted(write_row(label) for label in labels):
        digest.update(row.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
