"""The script that trains a version: `python -m model.retrain [LABELS ...]`.

With labels the model that ships is adapted to them; with `--corpora DIR` all is trained
anew, from the corpora and the labels together.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from model import adapt, full
from model import artifact as artifacts
from model.dataset import UnreadableData
from model.labels import read_labels
from model.learn import learn

OUT = Path("var/models")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script.

    Returns:
        0 where a version was trained and, if there were labels, passed the gate; 1
        where the gate refused it, which is kept to be looked at; 2 for bad input or a
        version that cannot be written, of which nothing is left.
    """
    options = _parser().parse_args(arguments)
    if not options.labels and not options.corpora:
        print("retrain: name a file of LABELS, or --corpora DIR", file=sys.stderr)
        return 2
    try:
        return _learnt(options) if options.labels else _trained(options)
    except (
        UnreadableData,
        artifacts.BrokenArtifact,
        FileExistsError,
    ) as error:
        print(f"retrain: {error}", file=sys.stderr)
    except OSError as error:
        said = f"the version cannot be written: {error.strerror or error}"
        print(f"retrain: {said}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.retrain",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("labels", nargs="*", type=Path, metavar="LABELS")
    parser.add_argument("--corpora", type=Path, metavar="DIR", help="train all anew")
    parser.add_argument(
        "--base", type=Path, metavar="DIR", help="version to adapt; else what ships"
    )
    parser.add_argument(
        "--current", type=Path, metavar="DIR", help="version to beat; else the base"
    )
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR")
    parser.add_argument("--seed", type=seed, default=0, metavar="N")
    return parser


def seed(text: str) -> int:
    """A number that everything drawn by chance begins from.

    Raises:
        ArgumentTypeError: it can be none.
    """
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 0 on")
    return int(text)


def _learnt(options: argparse.Namespace) -> int:
    """Learn from labels, and say what the gate makes of it."""
    # Everything is read before anything is done: a bad file costs no minute.
    labels = read_labels(options.labels)
    base = artifacts.load(options.base or artifacts.shipped())
    current = artifacts.load(options.current) if options.current else base
    stages = (full.STAGES if options.corpora else adapt.STAGES) + 1
    with tqdm(total=stages, unit="stage") as bar:
        learnt = learn(
            labels,
            base=base,
            current=current,
            out=options.out,
            corpora=options.corpora,
            seed=options.seed,
            report=lambda stage: _tell(bar, stage),
        )
    print("\n".join(learnt.gate.said()), file=sys.stderr)
    print(learnt.folder)
    return 0 if learnt.gate.passed else 1


def _trained(options: argparse.Namespace) -> int:
    """Train from corpora alone, as the version that ships was."""
    with tqdm(total=full.STAGES, unit="stage") as bar:
        version = full.train(
            options.corpora, lambda stage: _tell(bar, stage), seed=options.seed
        )
    print(artifacts.save(version, options.out))
    return 0


def _tell(bar: tqdm[Any], stage: str) -> None:
    bar.set_description(stage)
    bar.update()


if __name__ == "__main__":
    sys.exit(main())
