"""Judge a whole archive: `python -m service.archive IN OUT`.  Needs no database.

IN is a `.jsonl` or `.csv` file (or either with `.gz`) with a column `text`; `-` is
standard input.  OUT gets the same rows, in the same order and format, with the verdict
in columns of their own.  A row that cannot be judged says why in its `error`, and the
run goes on.  Memory does not grow with the file.

Exit status: 0 when every row was judged, 1 when some rows have an `error`, 2 when
nothing was written.  Leaves out: storing decisions, and judging on many machines.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from model.artifact import BrokenArtifact
from model.finding import Attribute, Rule
from model.judge import Judge, load_judge
from service.api.answers import decision_answer
from service.api.parsing import is_blank
from service.archive.rows import FORMATS, TEXT, Row
from service.archive.streams import STANDARD, check_ends, reading, writing
from service.domain import AUTOMATIC, Decision, Thresholds, Verdict
from service.errors import ConfigurationError, RefrainError
from service.policy import Policy, make_policy
from service.settings import load_settings

RESULTS = ("decision", "flagged", "rules", "reasons", *Attribute, "error")
"""The columns that a run adds."""


@dataclass(frozen=True, slots=True)
class Judging:
    """What turns a text into result columns."""

    judge: Judge
    policy: Policy
    max_text: int

    def results(self, row: Row) -> dict[str, object]:
        """The result columns of a row; only `error`, where there is one."""
        text = row.columns.get(TEXT)
        problem = row.problem or text_problem(text, self.max_text)
        if problem is not None:
            return dict.fromkeys(RESULTS) | {"error": problem}
        return self._judged(str(text))

    def _judged(self, text: str) -> dict[str, object]:
        try:
            judgement = self.judge.judge(text, floor=self.policy.floor)
        except Exception as error:  # One text must not cost the run of all others.
            problem = f"the judge failed: {type(error).__name__}"
            return dict.fromkeys(RESULTS) | {"error": problem}
        verdict = self.policy.verdict(judgement, model=self.judge.model_version)
        return result_columns(verdict, text)


def text_problem(text: object, max_text: int) -> str | None:
    """Say why a value cannot be judged as a comment's text; None if it can."""
    if text is None:
        return "text is missing"
    if not isinstance(text, str):
        return "text must be a string"
    if len(text) > max_text:
        return f"text must have at most {max_text} characters"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "text is not valid Unicode"
    return "text must not be blank" if is_blank(text) else None


def result_columns(verdict: Verdict, text: str) -> dict[str, object]:
    """Spread a verdict over the columns in RESULTS."""
    decision = Decision(verdict, AUTOMATIC, datetime.now(UTC), revision=0)
    rules = (reason.rule for reason in verdict.reasons if reason.rule is not None)
    return {
        "decision": verdict.outcome,
        "flagged": verdict.flagged,
        "rules": list(dict.fromkeys(rules)),
        "reasons": decision_answer(None, text, decision)["reasons"],
        **{name: (verdict.scores or {}).get(name) for name in Attribute},
        "error": None,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; answers its exit status."""
    options = _parser().parse_args(arguments)
    try:
        counts = run(options)
    except (RefrainError, BrokenArtifact) as error:
        print(f"archive: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read it has seen enough
        return 1
    except OSError as error:
        print(f"archive: {_spoken(error)}", file=sys.stderr)
        return 2
    print(_summary(counts), file=sys.stderr)
    return 1 if counts["error"] else 0


def run(options: argparse.Namespace) -> Counter[str]:
    """Judge every row from one end to the other; answers what was decided, counted."""
    kind = FORMATS[format_of(options.input, options.output, options.format)]
    check_ends(options.input, options.output)
    judging = load_judging(options.policy)
    counts: Counter[str] = Counter()
    taken = frozenset(RESULTS)
    with reading(options.input) as source, writing(options.output) as sink:
        archive = kind.read(source, taken)
        write = kind.writer(sink, [*archive.names, *RESULTS])
        for row in archive.rows:
            results = judging.results(row)
            write({**row.columns, **results})
            counts[str(results["decision"] or "error")] += 1
            counts["flagged"] += bool(results["flagged"])
    return counts


def load_judging(thresholds: Path | None) -> Judging:
    """Load the judge that the settings name, with the model's thresholds or others.

    Args:
        thresholds: a JSON file, `{"obscene": {"flag": 0.4, "reject": 0.9}, …}`; rules
            it does not name keep the model's.

    Raises:
        ConfigurationError: a setting or a threshold is senseless.
        BrokenArtifact: the model cannot be served.
    """
    settings = load_settings(os.environ)
    judge = load_judge(settings.artifact)
    own = {} if thresholds is None else read_thresholds(thresholds)
    return Judging(judge, make_policy("archive", judge.card, own), settings.max_text)


def read_thresholds(path: Path) -> dict[Rule, Thresholds]:
    """Read a file of thresholds.

    Raises:
        ConfigurationError: it is not JSON of that form; the message says what is wrong.
    """
    try:
        return {
            Rule(rule): Thresholds(limits["flag"], limits["reject"])
            for rule, limits in json.loads(path.read_bytes()).items()
        }
    except KeyError as error:
        raise ConfigurationError(f"{path}: a rule lacks {error}.") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise ConfigurationError(f"{path} holds no thresholds: {error}.") from error


def format_of(source: str, target: str, given: str | None) -> str:
    """Tell the format from what was asked for, or else from the files' names.

    Raises:
        ConfigurationError: the names say nothing, or not the same.
    """
    if given is not None:
        return given
    named = {name: _format_by_name(name) for name in (source, target)}
    found = {kind for kind in named.values() if kind is not None}
    if len(found) > 1:
        raise ConfigurationError(f"{source} and {target} must have the same format.")
    if found:
        return found.pop()
    if named.keys() == {STANDARD}:
        return "jsonl"
    raise ConfigurationError("The names tell no format: give --format jsonl or csv.")


def _format_by_name(name: str) -> str | None:
    suffix = Path(name.lower().removesuffix(".gz")).suffix
    return {".jsonl": "jsonl", ".ndjson": "jsonl", ".csv": "csv"}.get(suffix)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service.archive",
        description="Judge every comment of an archive.",
        epilog="Status: 0 all judged, 1 some rows have an error, 2 nothing written.",
    )
    parser.add_argument("input", metavar="IN", help=".jsonl or .csv, or -")
    parser.add_argument("output", metavar="OUT", help="the same format, or -")
    parser.add_argument("--format", choices=sorted(FORMATS), help="default: by name")
    parser.add_argument(
        "--policy", type=Path, metavar="FILE", help="thresholds in JSON, for some rules"
    )
    return parser


def _summary(counts: Counter[str]) -> str:
    judged = counts["accept"] + counts["reject"]
    return (
        f"{judged + counts['error']} rows: {counts['accept']} accepted, "
        f"{counts['reject']} rejected, {counts['flagged']} flagged, "
        f"{counts['error']} with an error"
    )


def _spoken(error: OSError) -> str:
    if error.strerror is None:  # raised by gzip
        return f"the input is damaged: {error}."
    return f"{error.filename or 'standard stream'}: {error.strerror}."


if __name__ == "__main__":
    sys.exit(main())
