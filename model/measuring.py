"""All figures of a card at once, from the held-out part of the data.

Used by the script that trains and by the one that evaluates, so that the second can
tell whether the first's figures are true.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model.corpora import civil_test_texts, present, read_corpus
from model.dataset import (
    Example,
    Examples,
    Split,
    UnreadableData,
    deduplicate,
    split,
)
from model.figures import fairness, figures, score_all, toxic_span_f1
from model.judge import Judge
from model.newscomments import by_identity, news_comments

OWN_WEIGHT = 1.6
"""Share of one of our own comments: they are few and the only ones about news."""


def gather(corpora: Path, labelled: Sequence[Example] = ()) -> Examples:
    """Read our own comments and the public corpora that are there, join and split them.

    Args:
        corpora: the folder of all; a corpus without a folder in it is left out.
        labelled: a site's comments.  What its people decided about a text holds,
            whatever others say of it.

    Raises:
        UnreadableData: there is no corpus, or one that is there lacks a file or holds
            a broken one.
    """
    there = present(corpora)
    if not there:
        raise UnreadableData(
            f"{corpora} holds no corpus: bring some by "
            f"`python -m model.fetch --out {corpora}`"
        )
    rows = [*labelled]
    rows += news_comments(weight=OWN_WEIGHT, template_weight=OWN_WEIGHT / 4)
    for name in there:
        rows += read_corpus(name, corpora)
    # The spans of these comments are what explanations are measured on.
    rows = deduplicate(rows, [text for text, _ in civil_test_texts(corpora)])
    return Examples(rows, split(rows))


def measure(
    judge: Judge, data: Examples, annotated: Sequence[tuple[str, frozenset[int]]]
) -> dict[str, Any]:
    """Every figure of the card.

    Args:
        judge: of the version.
        data: as `gather` gives it; only its test part is looked at.
        annotated: texts and the offsets that people marked as toxic in them; without
            any, there is no figure of it.
    """
    test = data.part(Split.TEST)
    table = figures(score_all(judge, [example.text for example in test]), test)
    table["fairness"] = fairness(judge, by_identity())
    if annotated:
        table["toxic_span_f1"] = toxic_span_f1(judge, annotated)
    return table


def count_examples(data: Examples) -> dict[str, dict[str, int]]:
    """How many examples of each corpus are in each part."""
    pairs = zip(data.examples, data.splits, strict=True)
    counts = Counter((example.corpus, part) for example, part in pairs)
    table: dict[str, dict[str, int]] = {}
    for (corpus, part), count in sorted(counts.items()):
        table.setdefault(corpus, {})[part] = count
    return table
