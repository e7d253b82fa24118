"""Loaders of the public corpora, one function each: what its labels mean for us.

The corpora are third-party text and no part of this repository; `model.retrain
--corpora DIR` reads them from a folder with one sub-folder each.  A corpus knows only
some of our attributes: what it does not know is left out of the labels, so that no
silence counts as innocence.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TextIO, cast

from model.dataset import CLEAN, Example, UnreadableData, labels_of
from model.finding import Attribute

TOXICITY, SEVERE, IDENTITY, INSULT, PROFANITY, THREAT = Attribute

csv.field_size_limit(sys.maxsize)


def rows(path: Path, *, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """Rows of a gzipped table with a header.

    Raises:
        UnreadableData: there is no such file.
    """
    with _opened(path) as file:
        yield from csv.DictReader(file, delimiter=delimiter)


def _opened(path: Path) -> TextIO:
    if not path.is_file():
        raise UnreadableData(f"{path} is missing: it is needed for a full retraining")
    return cast(TextIO, gzip.open(path, "rt", encoding="utf-8", newline=""))


def jigsaw(root: Path) -> Iterator[Example]:
    """Wikipedia talk pages: six labels, or only that one of them is true."""
    names = {
        "severe_toxic": SEVERE,
        "obscene": PROFANITY,
        "threat": THREAT,
        "insult": INSULT,
        "identity_hate": IDENTITY,
    }
    for row in rows(root / "jigsaw" / "jigsaw_train_any_label.csv.gz"):
        labels = {TOXICITY: int(row["any_label"])}
        if row["six_labels_known"] == "1":
            labels |= {to: int(float(row[name])) for name, to in names.items()}
        yield Example(row["comment_text"], labels, "jigsaw")


SPAN_TYPES = {
    "Insult": INSULT,
    "Profane/Obscene": PROFANITY,
    "Identity based Attack": IDENTITY,
    "Threat": THREAT,
}


def civil(root: Path) -> Iterator[Example]:
    """Readers' comments on news sites, each judged by three people or more.

    They were chosen as probably toxic.  A judge either marked spans and their kinds, or
    ticked one box for "not toxic, or toxic as a whole", which says nothing.  Comments
    that two thirds of the judges marked are toxic; the others are left out, as nobody
    knows which they are.
    """
    folder = root / "civil_toxic_spans"
    kinds: dict[str, set[str]] = defaultdict(set)
    for row in rows(folder / "spans.csv.gz"):
        kinds[row["annotation"]].add(row["type"])
    judges: dict[str, list[set[str]]] = defaultdict(list)
    for row in rows(folder / "annotations.csv.gz"):
        judges[row["comment_id"]].append(kinds[row["annotation"]])
    for row in rows(folder / "comments.csv.gz"):
        verdicts = judges[row["comment_id"]]
        marked = [verdict for verdict in verdicts if verdict]
        if len(marked) * 3 < len(verdicts) * 2:
            continue
        labels = {TOXICITY: 1}
        for name, attribute in SPAN_TYPES.items():
            share = sum(name in verdict for verdict in marked) / len(marked)
            if not 0.3 < share < 0.6:
                labels[attribute] = int(share > 0.5)
        yield Example(row["comment_text"], labels, "civil")


def civil_test_texts(root: Path) -> list[tuple[str, frozenset[int]]]:
    """The SemEval-2021 task 5 test set: text and the offsets marked toxic."""
    path = root / "civil_toxic_spans" / "tsd_test.csv.gz"
    return [(row["text"], frozenset(json.loads(row["spans"]))) for row in rows(path)]


def davidson(root: Path) -> Iterator[Example]:
    """Tweets found by keyword; class 1 is mostly casual swearing, so weigh it down."""
    for row in rows(root / "davidson" / "labeled_data.csv.gz"):
        text = row["tweet"].replace("&amp;", "&").replace("&lt;", "<")
        labels: Mapping[Attribute, int] = {
            "0": {TOXICITY: 1, IDENTITY: 1},
            "1": {TOXICITY: 1, PROFANITY: 1},
            "2": {**CLEAN},
        }[row["class"]]
        yield Example(text, labels, "davidson", 0.3)


def hatemoji(root: Path) -> Iterator[Example]:
    """Adversarial emoji hate and its innocent twins."""
    for part in ("train", "validation", "test"):
        for row in rows(root / "hatemoji_build" / f"HatemojiBuild_{part}.csv.gz"):
            labels = {**CLEAN}
            if row["label_gold"] == "1":
                labels = labels_of([IDENTITY])
                labels[THREAT] = int(row["type"] == "threateninglanguage")
                del labels[PROFANITY], labels[INSULT], labels[SEVERE]
            yield Example(row["text"], labels, "hatemoji")


def paradetox(root: Path) -> Iterator[Example]:
    """Toxic sentences and neutral rewrites of each."""
    for row in rows(root / "paradetox" / "paradetox.tsv.gz", delimiter="\t"):
        group = row["toxic"]
        yield Example(group, {TOXICITY: 1}, "paradetox", 0.5, group)
        for name in ("neutral1", "neutral2", "neutral3"):
            if row[name]:
                yield Example(row[name], CLEAN, "paradetox", 0.3, group)


def edos(root: Path) -> Iterator[Example]:
    """Sexism on Reddit and Gab; what is not sexist may be abusive in other ways."""
    for row in rows(root / "edos" / "edos_labelled_aggregated.csv.gz"):
        if row["label_sexist"] == "sexist":
            labels = {TOXICITY: 1, IDENTITY: 1}
        else:
            labels = {IDENTITY: 0}
        yield Example(row["text"], labels, "edos", 0.4)


def misogyny(root: Path) -> Iterator[Example]:
    """Misogyny on Reddit."""
    for row in rows(root / "misogyny" / "final_labels.csv.gz"):
        if row["level_1"] == "Misogynistic":
            labels = {TOXICITY: 1, IDENTITY: 1}
        else:
            labels = {IDENTITY: 0}
        if row["body"].strip():
            yield Example(row["body"], labels, "misogyny", 0.4)


def convabuse(root: Path) -> Iterator[Example]:
    """What people typed at a bot; several judges, from 1 (fine) to -3 (abuse)."""
    votes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows(root / "convabuse" / "ConvAbuseEMNLPfull.csv.gz"):
        degree = next(d for d in (1, 0, -1, -2, -3) if row[f"is_abuse.{d}"] == "1")
        votes[row["conv_id"], row["user"]].append(degree)
    for (_, text), degrees in votes.items():
        mean = sum(degrees) / len(degrees)
        if not text.strip() or -0.7 < mean < 0.3:
            continue
        labels = {TOXICITY: 1} if mean < 0 else {**CLEAN}
        yield Example(text, labels, "convabuse", 0.5)


def context_toxicity(root: Path) -> Iterator[Example]:
    """Wikipedia talk pages at the natural rate of abuse."""
    for name in ("gc", "gn"):
        for row in rows(root / "context_toxicity" / f"{name}.csv.gz"):
            labels = {TOXICITY: 1} if row["label"] == "1" else {**CLEAN}
            yield Example(row["text"], labels, "context")


def wikipedia_nontoxic(root: Path) -> Iterator[Example]:
    """Sentences of Wikipedia articles, chosen to balance identity terms; all clean."""
    for name in ("toxicity_debiasing_data", "toxicity_debiasing_data_random"):
        path = root / "wikipedia_nontoxic" / f"{name}.tsv.gz"
        for row in rows(path, delimiter="\t"):
            yield Example(row["comment"], CLEAN, "wikipedia")


def openai_moderation(root: Path) -> Iterator[Example]:
    """Prompts with several labels, each known or not."""
    path = root / "openai_moderation" / "samples-1680.jsonl.gz"
    with _opened(path) as file:
        for line in file:
            row = json.loads(line)
            if "H" not in row or "HR" not in row:
                continue
            labels = {IDENTITY: row["H"], TOXICITY: max(row["H"], row["HR"])}
            labels[THREAT] = row.get("H2", 0)
            yield Example(row["prompt"], labels, "openai", 0.5)


def stormfront(root: Path) -> Iterator[Example]:
    """Sentences of a white-supremacist forum."""
    for row in rows(root / "stormfront" / "stormfront.csv.gz"):
        if row["label"] == "hate":
            yield Example(row["text"], {TOXICITY: 1, IDENTITY: 1}, "stormfront", 0.5)
        elif row["label"] == "noHate":
            yield Example(row["text"], {IDENTITY: 0, THREAT: 0}, "stormfront", 0.5)


LOADERS: Mapping[str, Callable[[Path], Iterator[Example]]] = {
    "jigsaw": jigsaw,
    "civil": civil,
    "davidson": davidson,
    "hatemoji": hatemoji,
    "paradetox": paradetox,
    "edos": edos,
    "misogyny": misogyny,
    "convabuse": convabuse,
    "context": context_toxicity,
    "wikipedia": wikipedia_nontoxic,
    "openai": openai_moderation,
    "stormfront": stormfront,
}
"""Every corpus by its name.  The order decides which of two equal texts is kept."""
