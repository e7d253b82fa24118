"""Our own news comments in `model/corpus/`: free-hand lines, and templates filled in.

How they were written is told in the corpus's own README.  Leaves out the public
corpora.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from model.dataset import Example, UnreadableData, labels_of
from model.finding import Attribute

FOLDER = Path(__file__).parent / "corpus"

FILLINGS = 12
"""How often each template is filled in."""

GROUP_SLOTS = ("GROUP", "GROUP_SINGULAR", "A_GROUP", "GROUP_ADJ")
"""Slots that name one group in several forms: row by row the same group."""

_SLOT = re.compile(r"\{([A-Z_]+)\}")


def news_comments(
    folder: Path = FOLDER, *, weight: float = 1.0, template_weight: float = 0.5
) -> list[Example]:
    """All of our own examples, in a fixed order; the same on every run.

    Raises:
        UnreadableData: a line is no JSON object, lacks a field, or names a slot or an
            attribute that does not exist.
    """
    examples = []
    for path in sorted(folder.glob("*.jsonl")):
        if path.stem != "templates":
            examples += list(_comments(path, weight))
    slots = json.loads((folder / "slots.json").read_text("utf-8"))
    return examples + list(_filled(folder / "templates.jsonl", slots, template_weight))


def by_identity(folder: Path = FOLDER) -> list[tuple[str, Example]]:
    """Every fairness template filled with every identity; never trained on.

    Returns:
        The identity, and the comment about it: demeaning or innocent.  The comments of
        one template are a group.
    """
    file = json.loads((folder / "fairness.json").read_text("utf-8"))
    filled = []
    for term in file["terms"]:
        for template in file["templates"]:
            text = template["text"].format_map(term)
            attack = [Attribute.IDENTITY_ATTACK] if template["rejected"] else []
            text = text[:1].upper() + text[1:]
            group = template["text"]
            example = Example(text, labels_of(attack), "fairness", group=group)
            filled.append((term["term"], example))
    return filled


def _comments(path: Path, weight: float) -> Iterator[Example]:
    for number, row in _rows(path):
        group = row.get("pair") or f"{path.stem}-{number}"
        yield Example(row["text"], _labels(row), f"own/{path.stem}", weight, group)


def _filled(
    path: Path, slots: Mapping[str, Sequence[str]], weight: float
) -> Iterator[Example]:
    """Each template FILLINGS times; a pair of templates is filled with the same words.

    All fillings of a template, and of its twins, are one group.
    """
    for number, row in _rows(path):
        group = row.get("pair") or row["id"]
        for filling in range(FILLINGS):
            try:
                text = _fill(row["text"], slots, f"{group}/{filling}")
            except KeyError as error:
                raise UnreadableData(f"{path.name}:{number}: no slot {error}") from None
            yield Example(text, _labels(row), "own/templates", weight, group)


def _fill(template: str, slots: Mapping[str, Sequence[str]], seed: str) -> str:
    # No secret: the seed makes it the same words on every run, and for both twins.
    chance = random.Random(seed)  # noqa: S311 # nosec B311
    identity = chance.randrange(len(slots["GROUP"]))
    words = {name: slots[name][identity] for name in GROUP_SLOTS}
    for name in sorted(set(_SLOT.findall(template)) - set(words)):
        chance = random.Random(f"{seed}/{name}")  # noqa: S311 # nosec B311
        words[name] = chance.choice(slots[name])
    text = _SLOT.sub(lambda slot: words[slot[1]], template)
    return text[:1].upper() + text[1:] if template.startswith("{") else text


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            _labels(row), row["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableData(f"{path.name}:{number}: {error!r}") from error
        yield number, row


def _labels(row: Mapping[str, Any]) -> dict[Attribute, int]:
    return labels_of(Attribute(name) for name in row["attributes"])
