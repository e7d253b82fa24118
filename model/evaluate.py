"""The script that evaluates a version: `python -m model.evaluate [FILE ...]`.

With files of labelled comments it prints how the version does on each, and writes
plots and one HTML page with `--out`.  With `--corpora DIR` it measures the card's
figures again and says whether they are true.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from model import artifact as artifacts
from model.corpora import civil_test_texts
from model.dataset import UnreadableData, fingerprint
from model.drift import reference
from model.examination import examine, summary
from model.judge import Judge, load_judge
from model.labelled import read_labelled
from model.measuring import gather, measure

TOLERANCE = 5e-4
"""How far a figure may lie from the card's: rounding, and another processor's sums."""


def check_card(judge: Judge, corpora: Path) -> list[str]:
    """Measure the card's figures again.

    Returns:
        What differs, a line each; empty where the card is true.

    Raises:
        UnreadableData: a corpus is missing, or the data are not those of the card.
    """
    data = gather(corpora)
    name = fingerprint(data.examples)
    if name != judge.card["data"]["fingerprint"]:
        raise UnreadableData(
            f"the corpora have fingerprint {name}, but the model was trained on "
            f"{judge.card['data']['fingerprint']}: its figures cannot be measured again"
        )
    again = _flat(measure(judge, data, civil_test_texts(corpora)))
    stated = _flat(judge.card["figures"])
    if "reference" in judge.card:
        again |= _flat(reference(judge, data), "reference/")
        stated |= _flat(judge.card["reference"], "reference/")
    return [
        f"{figure}: the card says {stated.get(figure)}, measured {again.get(figure)}"
        for figure in sorted(stated.keys() | again.keys())
        if not _close(stated.get(figure), again.get(figure))
    ]


def _close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs(one - other) <= TOLERANCE


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, value in table.items():
        if isinstance(value, list):
            value = {str(i): one for i, one in enumerate(value)}
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}/")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def _print(name: str, figures: Mapping[str, Any]) -> None:
    print(name)
    for figure, value in figures.items():
        print(f"  {figure:<26}{'-' if value is None else value}")


def _evaluate(options: argparse.Namespace) -> int:
    judge = load_judge(options.model)
    print(f"model {judge.model_version}")
    examined = {}
    for path in options.files:
        results = examine(judge, read_labelled(path))
        examined[path.name] = summary(results), results
        _print(str(path), examined[path.name][0])
    if options.out and examined:
        from model.report import write_report  # Half a second that few runs need.

        print(write_report(options.out, judge.model_version, examined))
    if options.corpora:
        _print("figures of the card", _flat(judge.card["figures"]))
        differences = check_card(judge, options.corpora)
        print("\n".join(differences) or "measured again: the card is true")
        return 1 if differences else 0
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script; returns 0, 1 where the card is not true, 2 for bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m model.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--model", type=Path, metavar="DIR", help="a version's folder")
    parser.add_argument("--corpora", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, metavar="DIR", help="plots and report.html")
    options = parser.parse_args(arguments)
    if not options.files and not options.corpora:
        parser.error("name a FILE of labelled comments, or --corpora DIR")
    try:
        if options.out:  # Before the minutes that measuring takes.
            options.out.mkdir(parents=True, exist_ok=True)
        return _evaluate(options)
    except (UnreadableData, artifacts.BrokenArtifact) as error:
        print(f"evaluate: {error}", file=sys.stderr)
    except OSError as error:
        said = f"the report cannot be written: {error.strerror or error}"
        print(f"evaluate: {said}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
