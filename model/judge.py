"""Judge: a text in, findings out.  Pure: no clock, no store, no network, no threshold.

fold ─┬─ lexicon ────┐
      ├─ classifier ─┼─ findings
      └─ contact ────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model import artifact as artifacts
from model.classifier import Classifier
from model.contacts.finder import find_contacts
from model.features import FOREIGN, Reader, Reading
from model.finding import (
    ATTRIBUTES,
    DOUBTFUL,
    RULE_OF,
    Attribute,
    Finding,
    Rule,
    Source,
    Span,
)
from model.lexicon.matcher import (
    Entry,
    Lexicon,
    Match,
    Search,
    Strength,
    load_lexicon,
)
from model.lexicon.own import Own
from model.text import Folded, fold

ATTRIBUTE_OF: Mapping[Rule, Attribute] = {
    Rule.DEROGATORY: Attribute.IDENTITY_ATTACK,
    Rule.PERSONAL: Attribute.INSULT,
    Rule.OBSCENE: Attribute.PROFANITY,
}
"""The attribute under which a lexicon entry of a rule is reported."""

MIN_PART = 0.3
"""Log-odds that a word has to add at least to be shown as a reason."""

MIN_SHARE = 0.5
"""Share of the strongest word's part that another has to add to be shown with it."""

CROWDED = frozenset({Rule.PERSONAL})
"""Rules whose doubtful words are so many and so mild ("fool") that the classifier alone
decides; of the others a word speaks for itself as far as the text is toxic."""

MAX_WORDS = 3_000
"""Words and marks that the classifier reads.  Ten thousand characters of any language
have fewer; more is noise made to cost time, and left to people."""

MAX_UNKNOWN = 0.4
"""Share of unknown words above which the classifier abstains.  The card of a version
may say otherwise, but not of texts that another language shows in."""

MAX_NAMES = 0.7
"""Share of words up to which capitalised ones are taken for names, known or not."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Findings, and the probability of each attribute; None where it abstained."""

    findings: tuple[Finding, ...]
    scores: Mapping[Attribute, float] | None


class _Shown(NamedTuple):
    """What the classifier is shown of a text: what a site speaks of itself is blank.

    A tuple, for it is made of every text.
    """

    folded: Folded
    matches: Sequence[Match]
    reading: Reading


class Judge:
    """The three parts of the judge together.  Safe to share between threads."""

    def __init__(self, lexicon: Lexicon, artifact: artifacts.Artifact) -> None:
        self._lexicon = lexicon
        self._own: Own | None = None
        self._classifier = Classifier(artifact)
        self._reader = Reader(artifact.classes)
        self._max_unknown: float = artifact.card.get("max_unknown", MAX_UNKNOWN)
        self.model_version = artifact.version
        self.card: Mapping[str, Any] = artifact.card

    def with_words(self, words: Iterable[Entry], allowed: Iterable[str]) -> Judge:
        """This judge with a site's own words; the classifier is shared.

        The classifier reads nothing of what the site has its own say about: such a word
        counts for what the site says, and for nothing else.

        Args:
            words: entries, whose text need not be folded; one that has the text of a
                shipped one replaces it.
            allowed: words and phrases in which nothing is found.
        """
        words = [replace(word, text=fold(word.text).text) for word in words]
        allowed = tuple(allowed)
        judge = copy(self)
        judge._lexicon = self._lexicon.with_words(words, allowed)
        judge._own = Own(words, allowed)
        return judge

    def with_model(self, other: Judge) -> Judge:
        """This judge, words and all, with the model of another; nothing is compiled."""
        judge = copy(other)
        judge._lexicon, judge._own = self._lexicon, self._own
        return judge

    def judge(
        self, text: str, *, floor: float = 0.05, with_places: bool = True
    ) -> Judgement:
        """Find what may break the rule.

        Args:
            text: the comment as sent, of any length; cost grows linearly.
            floor: probability below which the classifier's view is no finding.
            with_places: whether the classifier says which words it goes by, which
                costs more than all else.
        """
        folded, search, shown = self._read(text)
        reading = shown.reading
        findings = _lexicon_findings(folded, search.matches, self._own)
        findings += find_contacts(text)
        unknown = self._unknown_share(search, shown)
        if unknown > self._limit(reading):
            findings.append(
                Finding(None, None, Source.CLASSIFIER, unknown, detail="unknown")
            )
            return Judgement(tuple(findings), None)
        scores = self._classifier.probabilities(reading, text)
        toxicity = scores[Attribute.TOXICITY]
        findings += _doubts(folded, search.matches, self._own, toxicity)
        seen = [a for a in RULE_OF if scores[a] >= floor]
        spans: Mapping[Attribute, tuple[Span, ...]] = dict.fromkeys(seen, ())
        if seen and with_places:
            parts = self._classifier.contributions(reading, text)
            spans = self._spans(folded, shown, parts, seen)
        findings += [
            Finding(RULE_OF[a], a, Source.CLASSIFIER, scores[a], spans[a]) for a in seen
        ]
        return Judgement(tuple(findings), scores)

    def probabilities(self, text: str) -> Mapping[Attribute, float]:
        """What the classifier makes of a text, whether or not it knows its words."""
        reading = self._read(text)[2].reading
        return self._classifier.probabilities(reading, text)

    def toxic_spans(self, text: str) -> tuple[Span, ...]:
        """The words that speak most for TOXICITY, whether or not it is probable."""
        folded, _, shown = self._read(text)
        reading = shown.reading
        parts = self._classifier.contributions(reading, text)
        wanted = Attribute.TOXICITY
        return self._spans(folded, shown, parts, [wanted])[wanted]

    def _read(self, text: str) -> tuple[Folded, Search, _Shown]:
        folded = fold(text)
        search = self._lexicon.search(folded)
        visible: Folded = folded
        matches: Sequence[Match] = search.matches
        if self._own:
            visible, matches = self._own.without(folded, matches)
        reading = self._reader.read(visible, matches)
        return folded, search, _Shown(visible, matches, reading)

    def _unknown_share(self, search: Search, shown: _Shown) -> float:
        """1 for a text made to cost time, of which only a part was looked at."""
        folded, matches, reading = shown
        if not search.is_complete or len(reading.words) > MAX_WORDS:
            return 1.0
        share = self._classifier.unknown_share(reading)
        if share <= self._limit(reading):
            return share
        offsets = self._reader.offsets(folded, matches)
        return self._classifier.unknown_share(without_names(folded, reading, offsets))

    def _limit(self, reading: Reading) -> float:
        """The share of unknown words above which nothing is said of a text."""
        return MAX_UNKNOWN if FOREIGN in reading.signs else self._max_unknown

    def _spans(
        self,
        folded: Folded,
        shown: _Shown,
        parts: NDArray[np.float64],
        attributes: Sequence[Attribute],
    ) -> dict[Attribute, tuple[Span, ...]]:
        """For each attribute the words that contributed most, as the reader wrote."""
        offsets = self._reader.offsets(shown.folded, shown.matches)
        spans: dict[Attribute, tuple[Span, ...]] = {}
        for attribute in attributes:
            part = parts[:, ATTRIBUTES.index(attribute)]
            least = max(MIN_SHARE * part.max(initial=0.0), MIN_PART)
            chosen = np.flatnonzero(part >= least)
            spans[attribute] = tuple(merge(folded, [offsets[i] for i in chosen]))
        return spans


def merge(folded: Folded, ranges: Iterable[tuple[int, int]]) -> list[Span]:
    """Spans of the original text; ranges with nothing but space between them join."""
    joined: list[tuple[int, int]] = []
    for start, end in ranges:
        if joined and not folded.text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return [folded.span(start, end) for start, end in joined]


def without_names(
    folded: Folded, reading: Reading, offsets: Sequence[tuple[int, int]]
) -> Reading:
    """A reading less the names in it, which no classifier can all know.

    A name is capitalised within a sentence: every tongue has names, so they tell
    nothing of the one that a text is written in.  Where nearly all is capitalised,
    nothing is taken for a name.
    """
    kept = [
        i
        for i, (start, end) in enumerate(offsets)
        if i == 0
        or reading.signs[i - 1] == "."
        or not _slice(folded, start, end).istitle()
    ]
    if len(kept) < (1 - MAX_NAMES) * len(offsets):
        return reading
    return Reading([reading.words[i] for i in kept], [reading.signs[i] for i in kept])


def _slice(folded: Folded, start: int, end: int) -> str:
    span = folded.span(start, end)
    return folded.original[span.start : span.end]


def _lexicon_findings(
    folded: Folded, matches: Iterable[Match], own: Own | None
) -> list[Finding]:
    """What the lexicon alone can say: entries that break the rule in any context.

    And those that the site wants to be looked at.
    """
    spans: dict[tuple[Rule, str], list[Span]] = {}
    for match in matches:
        if match.entry.strength is Strength.REJECT:
            detail = ""
        elif own and own.flags(match.entry):
            detail = DOUBTFUL
        else:
            continue
        span = folded.span(match.start, match.end)
        spans.setdefault((match.entry.rule, detail), []).append(span)
    return [
        Finding(rule, ATTRIBUTE_OF[rule], Source.LEXICON, 1.0, tuple(found), detail)
        for (rule, detail), found in spans.items()
    ]


def _doubts(
    folded: Folded, matches: Iterable[Match], own: Own | None, toxicity: float
) -> list[Finding]:
    """Words that break the rule in one context and not in another.

    The context is what the classifier makes of the text: "dildo" in a report is none of
    our business, and aimed at a person it is, whatever else the classifier can name.
    """
    spans: dict[Rule, list[Span]] = {}
    for match in matches:
        entry = match.entry
        if entry.strength is not Strength.FLAG or entry.rule in CROWDED:
            continue
        if not (own and own.flags(entry)):
            span = folded.span(match.start, match.end)
            spans.setdefault(entry.rule, []).append(span)
    return [
        Finding(rule, ATTRIBUTE_OF[rule], Source.LEXICON, toxicity, tuple(f), DOUBTFUL)
        for rule, f in spans.items()
    ]


def load_judge(folder: Path | None = None) -> Judge:
    """Build the judge from a model version, by default the one that ships.

    Raises:
        BrokenArtifact: there is no usable version; the message says what to do.
    """
    artifact = artifacts.load(folder or artifacts.shipped())
    return Judge(load_lexicon(), artifact)
