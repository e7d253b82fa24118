"""Perspective's attributes: which of them are answered here, and by what.

The six production attributes are the classifier's own.  Of the experimental ones those
are answered that mean the same as one of the six, and one of the New York Times' that
asks for this site's own rule:

    *_EXPERIMENTAL    the same without the suffix: other languages' twins of the six
    TOXICITY_FAST     TOXICITY, which is as fast here
    OBSCENE           PROFANITY: "obscene or vulgar language such as cursing"
    LIKELY_TO_REJECT  the most probable breach of the site's rule, by its own words and
                      contact details too

All others are unknown.  So are ATTACK_ON_AUTHOR and ATTACK_ON_COMMENTER: that somebody
is attacked is seen here (INSULT), but not whom the commenter means; and
SEXUALLY_EXPLICIT: obscene words are known, but not what is told without them.

A version (`TOXICITY@6`) is taken and means nothing: the site's model answers.
"""

from __future__ import annotations

from collections.abc import Mapping

from model.finding import RULE_OF, Attribute, Rule, Source
from service.compat.scores import probabilities
from service.domain import Verdict

TOXICITY = Attribute.TOXICITY
LIKELY_TO_REJECT = "LIKELY_TO_REJECT"
ATTRIBUTE_OF: Mapping[str, Attribute] = (
    {attribute.value: attribute for attribute in Attribute}
    | {f"{attribute}_EXPERIMENTAL": attribute for attribute in Attribute}
    | {"TOXICITY_FAST": TOXICITY, "OBSCENE": Attribute.PROFANITY}
)
"""What answers for an attribute; LIKELY_TO_REJECT is answered by all together."""

Scores = Mapping[str, float]
"""Probabilities in [0, 1] of the six attributes and of LIKELY_TO_REJECT."""


def known_as(name: str) -> str | None:
    """The key in `Scores` of an attribute as it is asked for; None if it is unknown."""
    base, at, version = name.partition("@")
    if at and not (version.isascii() and version.isdigit()):
        return None
    return base if base == LIKELY_TO_REJECT else ATTRIBUTE_OF.get(base)


def rule_of(name: str) -> Rule | None:
    """The clause that an attribute names; None for those that name none."""
    attribute = ATTRIBUTE_OF.get(name.partition("@")[0])
    return None if attribute is None else RULE_OF.get(attribute)


def scores_of(verdict: Verdict) -> Scores:
    """How probable everything is that can be asked for.

    What the site's words are evidence for scores as they do.  TOXICITY stays the
    classifier's, for not every text with such a word is toxic; only where it abstains
    there is nothing but words to go by.
    """
    scores = probabilities(verdict.scores, verdict.reasons)
    named = [reason for reason in verdict.reasons if reason.rule is not None]
    breach = max(scores[attribute] for attribute in RULE_OF)
    breach = max(breach, *(reason.score for reason in named), 0.0)
    if verdict.scores is None:
        words = (r.score for r in named if r.source is Source.LEXICON)
        scores[TOXICITY] = max(scores[TOXICITY], *words, 0.0)
    return {LIKELY_TO_REJECT: breach} | scores


def is_known(verdict: Verdict) -> bool:
    """Whether the scores say anything about the text."""
    named = any(reason.rule is not None for reason in verdict.reasons)
    return named or verdict.scores is not None
