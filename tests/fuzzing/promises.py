"""What is promised of every text, whatever it holds; one that breaks it is a find."""

from __future__ import annotations

import time

from model.contacts.finder import find_contacts
from model.finding import Finding
from model.judge import Judge
from model.lexicon.matcher import Lexicon
from model.text import fold

MOST_MS = 25.0
"""CPU time that judging a text of LONGEST characters may take, in milliseconds."""
TESTED_MS = 40.0
"""What tests hold, for they have neighbours; `make fuzz` holds MOST_MS."""
ORDINARY = (
    "The council should publish the report before the vote, as the law asks, and tell "
    "why the money for the bridge was not spent in the years that it was planned for, "
    "which many people in the district have asked about since the spring."
)
ORDINARY_MS = 0.07
"""What an ordinary comment takes where MOST_MS is promised; where it takes longer, for
the processor is slower or shared, so may the others."""
ROUNDS, TRIES = 8, 5
"""What seems too long is measured again, by turns with what is ordinary."""


def examine_fold(text: str) -> None:
    """Fold a text, and lead every folded character back to where it came from."""
    folded = fold(text)
    if folded.offsets is None:
        assert len(folded.text) == len(text)
        return
    assert len(folded.offsets) == len(folded.text)
    assert all(0 <= at < len(text) for at in folded.offsets)
    assert folded.offsets == sorted(folded.offsets)


def examine_lexicon(lexicon: Lexicon, text: str) -> None:
    """Look for words: matches stand in order, apart, and inside the text."""
    folded, last = fold(text), 0
    for match in lexicon.matches(folded):
        assert last <= match.start < match.end <= len(folded.text)
        last = match.end
        span = folded.span(match.start, match.end)
        assert 0 <= span.start < span.end <= len(text)


def examine_contacts(text: str) -> None:
    """Look for contact details: they stand in order, apart, and inside the text."""
    last = 0
    for finding in find_contacts(text):
        (span,) = finding.spans
        assert last <= span.start < span.end <= len(text)
        last = span.end


def examine_judge(judge: Judge, text: str, most_ms: float = MOST_MS) -> None:
    """Judge a text: scores are probabilities, places are inside, and it is cheap."""
    start = time.thread_time()
    examine_places(judge, text)
    took = 1e3 * (time.thread_time() - start)
    if took > most_ms:
        took = fair_ms(judge, text, most_ms)
        assert took <= most_ms, f"{took:.1f} ms of CPU for {len(text)} characters"


def examine_places(judge: Judge, text: str) -> None:
    """Judge a text: scores are probabilities, and every place is inside the text."""
    judgement = judge.judge(text)
    for finding in judgement.findings:
        _examine(finding, len(text))
    if judgement.scores is not None:
        assert all(0.0 <= score <= 1.0 for score in judgement.scores.values())


def fair_ms(judge: Judge, text: str, enough: float = MOST_MS) -> float:
    """CPU time of a text where an ordinary one takes ORDINARY_MS, in milliseconds.

    Looked for until it is no more than `enough`, but not for ever.
    """
    least = float("inf")
    for _ in range(ROUNDS):
        ordinary = cost_ms(judge, ORDINARY, 10 * TRIES)
        took = cost_ms(judge, text, TRIES) * min(1.0, ORDINARY_MS / ordinary)
        least = min(least, took)
        if least <= enough:
            break
    return least


def cost_ms(judge: Judge, text: str, tries: int) -> float:
    """Least CPU time of some judgements, in milliseconds."""
    least = float("inf")
    for _ in range(tries):
        start = time.thread_time()
        judge.judge(text)
        least = min(least, 1e3 * (time.thread_time() - start))
    return least


def _examine(finding: Finding, length: int) -> None:
    assert 0.0 <= finding.score <= 1.0
    last = 0
    for span in finding.spans:
        assert last <= span.start < span.end <= length
        last = span.end
