"""What a policy says, and how it is written in its columns.  No SQL here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row

from model.finding import Rule
from model.lexicon.entries import Forms, Strength
from service.compact import dumps
from service.domain import Outcome, Thresholds, Word

REMEMBERED = 32
"""Lists of words that a process remembers, so that a request need not parse them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a site goes by, in one version of its policy.

    `thresholds` holds only the rules for which the site differs from the model's card.
    `flagged_until_decided` is what a flagged comment gets until a person decides.
    `words` are the site's own, `allowed` words and phrases in which nothing is found,
    as they were given, sorted.  `notices` is the site's wording, by language and
    clause, where it is not ours.
    """

    thresholds: Mapping[Rule, Thresholds] = field(default_factory=dict)
    flagged_until_decided: Outcome = Outcome.ACCEPT
    words: tuple[Word, ...] = ()
    allowed: tuple[str, ...] = ()
    notices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a site's policy: its terms, and who made it, when and why."""

    number: int
    terms: Terms
    by: str
    at: datetime
    note: str | None


def version_of(row: Row[Any]) -> Version:
    """Build a version from its row."""
    return Version(row.version, terms_of(row), row.created_by, row.created_at, row.note)


def terms_of(row: Row[Any]) -> Terms:
    """Read the terms from a row of `policies`."""
    return Terms(
        _thresholds_of(row.thresholds),
        Outcome(row.flagged_until_decided),
        _words_of(row.words),
        _allowed_of(row.allowed),
        json.loads(row.notices),
    )


def terms_columns(terms: Terms) -> dict[str, str]:
    """Spread terms over the columns of `policies`."""
    return {
        "thresholds": dumps(
            {
                rule: {"flag": limits.flag, "reject": limits.reject}
                for rule, limits in terms.thresholds.items()
            }
        ),
        "flagged_until_decided": terms.flagged_until_decided.value,
        "words": dumps([_word_json(word) for word in terms.words]),
        "allowed": dumps(terms.allowed),
        "notices": dumps(terms.notices),
    }


def _thresholds_of(text: str) -> dict[Rule, Thresholds]:
    return {
        Rule(rule): Thresholds(t["flag"], t["reject"])
        for rule, t in json.loads(text).items()
    }


def _word_json(word: Word) -> dict[str, str]:
    return {
        "text": word.text,
        "rule": word.rule,
        "strength": word.strength,
        "forms": word.forms,
    }


# A thousand words take 2 ms, and are read by every process every few seconds.
@lru_cache(maxsize=REMEMBERED)
def _words_of(text: str) -> tuple[Word, ...]:
    return tuple(
        Word(w["text"], Rule(w["rule"]), Strength(w["strength"]), Forms(w["forms"]))
        for w in json.loads(text)
    )


@lru_cache(maxsize=REMEMBERED)
def _allowed_of(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))
