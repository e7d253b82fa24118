"""What the judge can say about a text.  Imports nothing of ours, knows no threshold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Rule(StrEnum):
    """A clause of the site's sentence."""

    DEROGATORY = "derogatory"
    PERSONAL = "personal"
    OBSCENE = "obscene"


class Attribute(StrEnum):
    """What the classifier scores, in the names of Google's Perspective API."""

    TOXICITY = "TOXICITY"
    SEVERE_TOXICITY = "SEVERE_TOXICITY"
    IDENTITY_ATTACK = "IDENTITY_ATTACK"
    INSULT = "INSULT"
    PROFANITY = "PROFANITY"
    THREAT = "THREAT"


ATTRIBUTES = tuple(Attribute)
"""In the order of every row of scores, labels and coefficients."""

RULE_OF: Mapping[Attribute, Rule] = MappingProxyType(
    {
        Attribute.IDENTITY_ATTACK: Rule.DEROGATORY,
        Attribute.INSULT: Rule.PERSONAL,
        Attribute.THREAT: Rule.PERSONAL,
        Attribute.PROFANITY: Rule.OBSCENE,
    }
)
"""The rule an attribute is evidence for.  TOXICITY and SEVERE_TOXICITY name no rule."""


class Source(StrEnum):
    """Which part of the judge saw it."""

    LEXICON = "lexicon"
    CLASSIFIER = "classifier"
    CONTACT = "contact"


DOUBTFUL = "doubtful"
"""`Finding.detail` of a word to look at, be it the word list's or a site's."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A part of the text as sent, in code points, end exclusive."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something seen in the text.

    `rule` is None only where the classifier abstains: it found too little that it
    knows, so no clause can be named and a person has to read the text.  `attribute` is
    None for contact details, which no attribute covers.  `score` lies in [0, 1].
    `detail` says what precisely was seen where the source says too little: `phone`,
    `email` or `address` for contact, `unknown` for an abstention, DOUBTFUL for a word
    that calls for a look and rejects nothing by itself, else empty.
    """

    rule: Rule | None
    attribute: Attribute | None
    source: Source
    score: float
    spans: tuple[Span, ...] = ()
    detail: str = ""
