"""What Perspective's requests ask for and say, as domain values.

The bodies themselves are read by `messages`; here their fields are checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from model.finding import Rule
from service.api.parsing import is_blank
from service.compat.perspective.attributes import known_as, rule_of
from service.compat.perspective.messages import (
    ANALYZE,
    SUGGEST,
    AttributeScores,
    Context,
    Parameters,
    Request,
    TextEntry,
    read,
)
from service.compat.perspective.refusing import (
    invalid,
    refused,
    unknown_attribute,
    unsupported_type,
)
from service.domain import Outcome

MAX_BYTES = 20 * 1024
"""Of a comment, in UTF-8."""
MOST = 50
"""Attributes that are asked for at once: versions make as many names as one likes, and
each is answered with all sentences."""
PLAIN = frozenset({None, "PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED"})
PROBABILITY = frozenset({None, "PROBABILITY", "SCORE_TYPE_UNSPECIFIED"})
REJECTED_FROM = 0.5
"""The score from which a suggestion says that an attribute is there."""

STATUSES: Mapping[str, Outcome] = {
    "APPROVED": Outcome.ACCEPT,
    "HIGHLIGHTED": Outcome.ACCEPT,
    "DELETED": Outcome.REJECT,
}
"""What older versions of Coral suggest in place of an attribute, with the score 1."""


@dataclass(frozen=True, slots=True)
class Told:
    """What both methods are told.

    `entries` are the texts of the context, `token` is opaque.
    """

    text: str
    languages: Sequence[str]
    token: str | None
    entries: Sequence[str]


class Wanted(NamedTuple):
    """An attribute as it is asked for, its key in the scores, and from when it counts.

    `threshold` is None if it always does.  A tuple, for six are made of every request.
    """

    name: str
    known_as: str
    threshold: float | None


@dataclass(frozen=True, slots=True)
class Analysis:
    """What `comments:analyze` asks for.

    `drops`: attributes of a language that is not supported are left out, and no error.
    """

    told: Told
    wanted: Sequence[Wanted]
    store: bool
    spans: bool
    drops: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What `comments:suggestscore` says of a comment."""

    told: Told
    outcome: Outcome
    rule: Rule | None


def parse_analysis(body: bytes) -> Analysis:
    """Read what is to be analysed.

    Raises:
        Refused: a field is missing, of the wrong type or out of range, or the body is
            no JSON object; the first thing that Perspective would mind.
    """
    request = read(ANALYZE, body)
    told = _told(request)
    attributes = request.requested_attributes
    if not attributes:
        raise refused("Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES")
    if len(attributes) > MOST:
        raise invalid(f"At most {MOST} attributes may be requested at once")
    return Analysis(
        told,
        [_wanted(name, how) for name, how in attributes.items()],
        store=request.do_not_store is False,
        spans=bool(request.span_annotations),
        drops=bool(request.drop_unsupported_attributes),
    )


def parse_suggestion(body: bytes) -> Suggestion:
    """Read what a person thinks of a comment.

    It is rejected if any attribute is there, for the clause that the strongest of those
    names which name one.  Else it is accepted: no client has another way to say that.

    Raises:
        Refused: as `parse_analysis`.
    """
    request = read(SUGGEST, body)
    told = _told(request)
    if not request.attribute_scores:
        raise invalid("Missing attribute_scores")
    rejecting = {
        name: score
        for name, scores in request.attribute_scores.items()
        if (score := _suggested(name, scores)) >= REJECTED_FROM
        and STATUSES.get(name) is not Outcome.ACCEPT
    }
    if not rejecting:
        return Suggestion(told, Outcome.ACCEPT, None)
    naming = [name for name in rejecting if rule_of(name)]
    strongest = max(naming, key=rejecting.__getitem__, default="")
    return Suggestion(told, Outcome.REJECT, rule_of(strongest))


def _told(request: Request) -> Told:
    """Check what both methods take.

    Raises:
        Refused: the comment is missing, blank, too long or not plain text, or there are
            contexts of both kinds.
    """
    comment = request.comment or TextEntry()
    if comment.type not in PLAIN:
        if comment.type == "HTML":
            raise invalid("Currently, only 'PLAIN_TEXT' comments are supported")
        raise invalid("Unknown text type")
    text = comment.text or ""
    if is_blank(text):
        raise refused("Comment must be non-empty.", "COMMENT_EMPTY")
    # A character has at most four bytes: most texts need not be encoded.
    if 4 * len(text) > MAX_BYTES and len(text.encode()) > MAX_BYTES:
        raise refused("Comment text too long.", "COMMENT_TOO_LONG")
    entries = _entries(request.context) if request.context else []
    return Told(text, request.languages or [], request.client_token, entries)


def _entries(context: Context) -> list[str]:
    if context.entries and context.article_and_parent_comment:
        raise invalid(
            "Context can have either entries or article_and_parent_comment, but both "
            "fields were populated."
        )
    return [entry.text or "" for entry in context.entries or ()]


def _wanted(name: str, how: Parameters | None) -> Wanted:
    known = known_as(name)
    if known is None:
        raise unknown_attribute(name)
    if how is None:
        return Wanted(name, known, None)
    if how.score_type not in PROBABILITY:
        raise unsupported_type(name, how.score_type or "")
    return Wanted(name, known, how.score_threshold)


def _suggested(name: str, scores: AttributeScores | None) -> float:
    """What is suggested for an attribute: the strongest part where only parts are."""
    if name not in STATUSES and known_as(name) is None:
        raise unknown_attribute(name)
    scores = scores or AttributeScores()
    parts = [span.score for span in scores.span_scores or () if span.score]
    found = [scores.summary_score] if scores.summary_score else parts
    if not found:
        raise invalid(f"Missing score of attribute {name}")
    for score in found:
        if score.type not in PROBABILITY:
            raise unsupported_type(name, score.type or "")
        if not 0.0 <= (score.value or 0.0) <= 1.0:
            raise invalid(f"Score of attribute {name} must be from 0 to 1")
    return max(score.value or 0.0 for score in found)
