"""Candidates made by hand from the model that ships, and a newsroom to try them in.

The newsroom decides as the model does, but wants nothing said of astrology.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from model.artifact import Artifact, Block
from model.finding import ATTRIBUTES, Attribute, Rule
from model.judge import Judge
from model.labels import Label
from model.lexicon.matcher import Lexicon, load_lexicon

VERSION = "2026-12-01-c0ffee"

PEOPLE = (
    *("The minister", "My neighbour", "Our mayor", "Some reader", "That columnist"),
    *("A professor", "The referee", "Her cousin", "An editor", "This driver"),
    *("Every teacher", "Nobody here"),
)
FAIR = (
    *("wants lower rents near the station", "waited two hours for the last bus"),
    *("wrote about the harvest in the north", "asked for a longer school break"),
    *("plays the violin on Sunday mornings", "thinks that the budget is sound"),
)
ABUSIVE = ("is a fucking idiot and you know it", "is a pathetic moron and a liar")
UNWANTED = ("believes in astrology and reads it daily", "sells astrology by telephone")


def changed(
    artifact: Artifact, words: Mapping[str, float], *, offset: float = 0.0
) -> Artifact:
    """A candidate with other coefficients.

    Args:
        artifact: that it is made from.
        words: what to add to a word's coefficient for INSULT.
        offset: what to add to the log-odds of each attribute.
    """
    block = artifact.words
    coef = block.coef.astype(np.float32)
    for word, by in words.items():
        coef[block.names.index(word), ATTRIBUTES.index(Attribute.INSULT)] += by
    return replace(
        artifact,
        card={**artifact.card, "version": VERSION},
        words=Block(block.names, block.idf, coef.astype(np.float16)),
        intercept=artifact.intercept + offset,
    )


def judge_of(artifact: Artifact) -> Judge:
    """What would answer, were the candidate promoted."""
    return Judge(_lexicon(), artifact)


def decisions() -> list[Label]:
    """What the newsroom decided: 120 comments, of which it rejected 48."""
    rejected = [*ABUSIVE, *UNWANTED]
    return [
        Label(f"{who} {what}.", what in rejected, _rule(what))
        for who in PEOPLE
        for what in (*FAIR, *rejected)
    ]


@cache
def _lexicon() -> Lexicon:
    return load_lexicon()


def _rule(what: str) -> Rule | None:
    return Rule.PERSONAL if what in (*ABUSIVE, *UNWANTED) else None
