"""Judge: a text in, findings out.  Pure: no clock, no store, no network, no threshold.

fold ─┬─ lexicon ────┐
      ├─ classifier ─┼─ findings
      └─ contact ────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model import artifact as artifacts
from model.classifier import Classifier
from model.contacts.finder import find_contacts
from model.features import Reader, Reading, signs
from model.finding import (
    ATTRIBUTES,
    RULE_OF,
    Attribute,
    Finding,
    Rule,
    Source,
    Span,
)
from model.lexicon.matcher import Lexicon, Match, Search, Strength, load_lexicon
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

MAX_WORDS = 3_000
"""Words and marks that the classifier reads.  Ten thousand characters of any language
have fewer; more is noise made to cost time, and left to people."""

MAX_UNKNOWN = 0.4
"""Share of unknown words above which the classifier abstains."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Findings, and the probability of each attribute; None where it abstained."""

    findings: tuple[Finding, ...]
    scores: Mapping[Attribute, float] | None


class Judge:
    """The three parts of the judge together.  Safe to share between threads."""

    def __init__(self, lexicon: Lexicon, artifact: artifacts.Artifact) -> None:
        self._lexicon = lexicon
        self._classifier = Classifier(artifact)
        self._reader = Reader(artifact.classes)
        self.model_version = artifact.version
        self.card: Mapping[str, Any] = artifact.card

    def judge(self, text: str, *, floor: float = 0.05) -> Judgement:
        """Find what may break the rule.

        Args:
            text: the comment as sent, of any length; cost grows linearly.
            floor: probability below which the classifier's view is no finding.
        """
        folded, search, reading = self._read(text)
        findings = _lexicon_findings(folded, search.matches)
        findings += find_contacts(text)
        unknown = self._unknown_share(search, reading)
        if unknown > MAX_UNKNOWN:
            findings.append(
                Finding(None, None, Source.CLASSIFIER, unknown, detail="unknown")
            )
            return Judgement(tuple(findings), None)
        names = signs(reading, text)
        scores = self._classifier.probabilities(reading, names)
        seen = [a for a in RULE_OF if scores[a] >= floor]
        if seen:
            parts = self._classifier.contributions(reading, names)
            spans = self._spans(folded, search.matches, parts, seen)
            findings += [
                Finding(RULE_OF[a], a, Source.CLASSIFIER, scores[a], spans[a])
                for a in seen
            ]
        return Judgement(tuple(findings), scores)

    def probabilities(self, text: str) -> Mapping[Attribute, float]:
        """What the classifier makes of a text, whether or not it knows its words."""
        _, _, reading = self._read(text)
        return self._classifier.probabilities(reading, signs(reading, text))

    def toxic_spans(self, text: str) -> tuple[Span, ...]:
        """The words that speak most for TOXICITY, whether or not it is probable."""
        folded, search, reading = self._read(text)
        parts = self._classifier.contributions(reading, signs(reading, text))
        wanted = Attribute.TOXICITY
        return self._spans(folded, search.matches, parts, [wanted])[wanted]

    def _read(self, text: str) -> tuple[Folded, Search, Reading]:
        folded = fold(text)
        search = self._lexicon.search(folded)
        return folded, search, self._reader.read(folded, search.matches)

    def _unknown_share(self, search: Search, reading: Reading) -> float:
        """1 for a text made to cost time, of which only a part was looked at."""
        if not search.is_complete or len(reading.words) > MAX_WORDS:
            return 1.0
        return self._classifier.unknown_share(reading)

    def _spans(
        self,
        folded: Folded,
        matches: Sequence[Match],
        parts: NDArray[np.float64],
        attributes: Sequence[Attribute],
    ) -> dict[Attribute, tuple[Span, ...]]:
        """For each attribute the words that contributed most, as the reader wrote."""
        offsets = self._reader.offsets(folded, matches)
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


def _lexicon_findings(folded: Folded, matches: Iterable[Match]) -> list[Finding]:
    """What the lexicon alone can say: entries that break the rule in any context."""
    spans: dict[Rule, list[Span]] = {}
    for match in matches:
        if match.entry.strength is Strength.REJECT:
            span = folded.span(match.start, match.end)
            spans.setdefault(match.entry.rule, []).append(span)
    return [
        Finding(rule, ATTRIBUTE_OF[rule], Source.LEXICON, 1.0, tuple(found))
        for rule, found in spans.items()
    ]


def load_judge(folder: Path | None = None) -> Judge:
    """Build the judge from a model version, by default the one that ships.

    Raises:
        BrokenArtifact: there is no usable version; the message says what to do.
    """
    artifact = artifacts.load(folder or artifacts.shipped())
    return Judge(load_lexicon(), artifact)
