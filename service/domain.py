"""What the service talks about, as frozen values.  Knows no HTTP and no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from model.finding import Attribute, Rule, Source, Span
from model.lexicon.entries import Entry

Word = Entry
"""A site's own word; `service.rules.own` makes them."""


class Outcome(StrEnum):
    """What becomes of a comment."""

    ACCEPT = "accept"
    REJECT = "reject"


class Waiting(StrEnum):
    """Why a comment is in the queue; where several are true, the first of these."""

    ESCALATED = "escalated"
    APPEALED = "appealed"
    REPORTED = "reported"
    FLAGGED = "flagged"
    SECOND = "second"
    SAMPLE = "sample"


class Kind(StrEnum):
    """How a decision was made; ESCALATION and UNDO leave or restore what held.

    ERASURE decides nothing: it ends the log of a comment of which no more is left.
    """

    AUTOMATIC = "automatic"
    REVIEW = "review"
    APPEAL = "appeal"
    SECOND = "second"
    ESCALATION = "escalation"
    UNDO = "undo"
    SITE = "site"
    ERASURE = "erasure"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which score a finding flags a comment, and from which it rejects it.

    Both lie in [0, 1], ends included; None switches that consequence off.

    Raises:
        ValueError: a threshold is outside [0, 1], or rejecting starts below flagging.
    """

    flag: float | None
    reject: float | None

    def __post_init__(self) -> None:
        for name in ("flag", "reject"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 1.0:
                raise ValueError(f"threshold {name}={value} is outside [0, 1]")
        flag, reject = self.flag, self.reject
        if flag is not None and reject is not None and flag > reject:
            raise ValueError(f"flag={flag} must not exceed reject={reject}")


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote the comment, in the site's own terms."""

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """What the comment stands under."""

    id: str
    url: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment as sent.

    `id` is the site's own, unique per site; None asks for a verdict without a record.
    """

    text: str
    id: str | None = None
    author: Author | None = None
    article: Article | None = None
    parent_id: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is not a plain accept: a finding that met its threshold.

    `rule` and `attribute` are None as in `model.finding.Finding`.  `score` and
    `threshold` lie in [0, 1].  `message` is fit for reader and moderator, `detail` as
    in `Finding`.
    """

    rule: Rule | None
    attribute: Attribute | None
    source: Source
    score: float
    threshold: float
    spans: tuple[Span, ...]
    message: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policy makes of the findings.

    `scores` is None where the classifier abstained.  `notice` is None for an accepted
    comment.  `model` and `policy` name the versions that judged.
    """

    outcome: Outcome
    flagged: bool
    reasons: tuple[Reason, ...]
    scores: Mapping[Attribute, float] | None
    notice: str | None
    model: str
    policy: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict entered in the log: who made it, how, and when (UTC).

    `rule` is the clause that a person named for rejecting, `note` what they noted.
    """

    verdict: Verdict
    decided_by: str
    decided_at: datetime
    revision: int
    kind: Kind = Kind.AUTOMATIC
    rule: Rule | None = None
    note: str | None = None


AUTOMATIC = "automatic"
"""`decided_by` of a decision that no person made."""
