"""From a row to its result columns, on this machine or on any other.

Leaves out reading and writing rows.  What a run judges by is stated once, as `Terms`,
which are small, and of which every process makes its own judge.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock

from model.finding import Attribute, Rule
from model.judge import Judge, load_judge
from service.api.answers import decision_answer
from service.api.parsing import is_blank
from service.archive.rows import TEXT, Row
from service.domain import AUTOMATIC, Decision, Thresholds, Verdict
from service.errors import ConfigurationError
from service.policy import Policy, make_policy
from service.settings import load_settings

RESULTS = ("decision", "flagged", "rules", "reasons", *Attribute, "error")
"""The columns that a run adds."""

ROOT = Path(__file__).parents[2]

CODE = (
    "model/artifact.py",
    "model/classifier.py",
    "model/columns.py",
    "model/features.py",
    "model/finding.py",
    "model/judge.py",
    "model/lookalikes.py",
    "model/text.py",
    "model/contacts/*.py",
    "model/lexicon/*.py",
    "model/lexicon/data/*",
    "service/policy.py",
    "service/wording.py",
    "service/api/answers.py",
    "service/archive/judging.py",
    "service/archive/rows.py",
)
"""What decides, besides the model, what becomes of a text."""


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


@dataclass(frozen=True, slots=True)
class Terms:
    """What a run judges by; equal terms give equal results.

    `code` is a hash of the judge's own code and words, `own` are thresholds in place of
    the model's, and `artifact` is the model's folder, None for the one that ships.
    """

    model: str
    code: str
    max_text: int
    own: tuple[tuple[Rule, Thresholds], ...] = ()
    artifact: Path | None = None


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


def load_terms(thresholds: Path | None) -> Terms:
    """The terms that the settings name, with the model's thresholds or others.

    Args:
        thresholds: a JSON file, `{"obscene": {"flag": 0.4, "reject": 0.9}, …}`; rules
            it does not name keep the model's.

    Raises:
        ConfigurationError: a setting or a threshold is senseless.
        BrokenArtifact: the model cannot be served.
    """
    settings = load_settings(os.environ)
    own = {} if thresholds is None else read_thresholds(thresholds)
    artifact = settings.artifact and settings.artifact.absolute()
    return Terms(
        _judge(artifact).model_version,
        code_fingerprint(),
        settings.max_text,
        tuple(own.items()),
        artifact,
    )


def judging_by(terms: Terms) -> Judging:
    """Judge by these terms; a process loads the model once.

    Raises:
        ConfigurationError: this machine has another model, or another release.
        BrokenArtifact: the model cannot be served.
    """
    with _ONE_AT_A_TIME:  # else two threads that begin together would both load it
        return _judging(terms)


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


def thresholds_said(policy: Policy) -> dict[str, object]:
    """A policy's thresholds as JSON."""
    limits = [*policy.thresholds.items(), *policy.attributes.items()]
    return {
        "abstain": policy.abstain,
        **{str(name): [limit.flag, limit.reject] for name, limit in limits},
    }


@cache
def code_fingerprint() -> str:
    """A hash of CODE as it is installed here."""
    seen = hashlib.sha256()
    for path in _code_files():
        name = path.relative_to(ROOT).as_posix()
        seen.update(f"{name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return seen.hexdigest()[:16]


def _code_files() -> Iterator[Path]:
    found = {path for pattern in CODE for path in ROOT.glob(pattern)}
    return iter(sorted(path for path in found if path.is_file()))


_ONE_AT_A_TIME = Lock()


@cache
def _judging(terms: Terms) -> Judging:
    judge = _judge(terms.artifact)
    if judge.model_version != terms.model:
        raise ConfigurationError(
            f"The model here is {judge.model_version}, and not {terms.model}."
        )
    if code_fingerprint() != terms.code:
        raise ConfigurationError("Another release of Refrain is installed here.")
    policy = make_policy("archive", judge.card, dict(terms.own))
    return Judging(judge, policy, terms.max_text)


@cache
def _judge(artifact: Path | None) -> Judge:
    return load_judge(artifact)
