"""Comments of the corpora and of our own that the shipped model was not trained on.

They are those of the validation and test parts, and news comments that the loaders
leave out because their judges differed; nothing that is or nearly is in the training
part.  All stays in memory.  Leaves out what a newsroom makes of them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from model.corpora import CORPORA, SPAN_TYPES
from model.dataset import Example, Split
from model.finding import RULE_OF, Attribute, Rule
from model.holdout import near_duplicate_keys
from model.measuring import gather
from model.tables import rows

NEWSLIKE = ("own/", "civil", "jigsaw", "context", "wikipedia", "paradetox", "convabuse")
"""Beginnings of the corpora that are used: readers, talk pages, plain sentences.
Tweets and forums found by keyword are not what a newsroom gets."""

HELD_OUT = 0.3
"""Share of the texts that only held-out comments are made of."""

MAX_TEXT = 1_200
"""Characters of the longest text that is used."""

OFFENCES = frozenset({Attribute.IDENTITY_ATTACK, Attribute.THREAT, Attribute.PROFANITY})


@dataclass(frozen=True, slots=True)
class Text:
    """A comment and what its corpus says of it; `rejected` None: its judges differ.

    `is_held_out` is the same for all of its group and for texts that begin alike.
    """

    text: str
    rejected: bool | None
    rule: Rule | None
    offends: bool
    is_held_out: bool


@cache
def unseen(corpora: Path) -> tuple[Text, ...]:
    """All of them, in a fixed order; read once in a process.

    Raises:
        UnreadableData: a corpus is missing or broken.
    """
    data = gather(corpora)
    known = {key for e in data.part(Split.TRAIN) for key in near_duplicate_keys(e.text)}
    kept = [
        e for e in data.part(Split.VALIDATION) + data.part(Split.TEST) if _is_used(e)
    ]
    texts = [_text(e) for e in kept]
    seen = {text.text for text in texts}
    for text in _contested(corpora):
        if text.text not in seen and known.isdisjoint(near_duplicate_keys(text.text)):
            texts.append(text)
    return tuple(texts)


def _is_used(example: Example) -> bool:
    return (
        example.corpus.startswith(NEWSLIKE)
        and Attribute.TOXICITY in example.labels
        and len(example.text) <= MAX_TEXT
    )


def _text(example: Example) -> Text:
    labels = example.labels
    rejected = bool(labels[Attribute.TOXICITY])
    broken = [RULE_OF[a] for a in RULE_OF if labels.get(a)]
    return Text(
        example.text,
        rejected,
        broken[0] if rejected and broken else None,
        any(labels.get(a) for a in OFFENCES),
        _is_held_out(example.group or near_duplicate_keys(example.text)[0]),
    )


def _contested(corpora: Path) -> Iterator[Text]:
    """News comments of which less than two thirds of the judges said what is toxic.

    `offends` is true if several of them saw more than an insult.
    """
    folder = corpora / CORPORA["civil"].folder
    kinds: dict[str, set[str]] = defaultdict(set)
    for row in rows(folder / "spans.csv.gz"):
        kinds[row["annotation"]].add(row["type"])
    judges: dict[str, list[set[str]]] = defaultdict(list)
    for row in rows(folder / "annotations.csv.gz"):
        judges[row["comment_id"]].append(kinds[row["annotation"]])
    for row in rows(folder / "comments.csv.gz"):
        verdicts = judges[row["comment_id"]]
        text = row["comment_text"]
        if _differ(verdicts) and len(text) <= MAX_TEXT:
            saw = sum(not OFFENCES.isdisjoint(map(SPAN_TYPES.get, v)) for v in verdicts)
            held_out = _is_held_out(near_duplicate_keys(text)[0])
            yield Text(text, None, None, saw > 1, held_out)


def _differ(verdicts: Sequence[set[str]]) -> bool:
    return sum(map(bool, verdicts)) * 3 < len(verdicts) * 2


def _is_held_out(key: str) -> bool:
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=4)
    return int.from_bytes(digest.digest()) / 2**32 < HELD_OUT
