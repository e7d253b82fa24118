"""What regular expressions are given while comments are judged, and which there are."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from re import _compiler as compiler  # type: ignore[attr-defined]
from typing import Any

import pytest
from phonenumbers import phonenumberutil

from model.artifact import load, shipped
from model.contacts import plan
from model.judge import Judge
from model.lexicon.matcher import load_lexicon
from model.lookalikes import plain_form
from tests.fixtures_service import ROOT
from tests.fuzzing.texts import LONGEST, chance, make_text
from tests.patterns import worst
from tests.test_fuzzing import PIECES, SEED
from tests.test_patterns import CHARACTERS_MS, READ_IN_PART, WHOLE, cost_ms

NEAR = [
    "lives at 12 elm street 56001 ",
    "call the office desk at +1 212 555 0123 now, at the office desk ",
    "her flat no 12 Elm Street, Boston, MA 02110, ",
    "#YouAreSuchAnIdiotAndEveryBodyKnowsItByNowForSure" + "Xy" * 9 + " ",
    "\u1d2c\u0253\ua730\u0268 f\u0289ck \u01a8h\u0268t ",
    "s-h_i.t f*u*c*k 1d10t ",
]
"""Texts in which what they are about is far from either end."""
TEXTS = [(piece * LONGEST)[:LONGEST] for piece in (*NEAR, *PIECES)]
WINDOWS = {name: most for name, most in READ_IN_PART.items() if most < WHOLE}
"""Patterns that are given a part of a comment, and how much that is at most."""
Compiled = dict[tuple[str, int], str]
"""Patterns with their flags, and the file that had them compiled."""


class Watched:
    """A pattern that notes how many characters it is given."""

    def __init__(self, pattern: re.Pattern[str], given: list[int]) -> None:
        self._pattern = pattern
        self._given = given

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the pattern has it
        method = getattr(self._pattern, name)
        if name not in AT:
            return method

        def noting(*given: Any) -> Any:  # noqa: ANN401 - as the pattern takes it
            text = given[AT[name]]
            start, end = (*given[1:], *(0, len(text))[len(given[1:]) :])[:2]
            whole = name in ("sub", "split")
            self._given.append(len(text) if whole else min(end, len(text)) - start)
            return method(*given)

        return noting


AT = {
    **dict.fromkeys(("search", "match", "fullmatch", "findall", "finditer"), 0),
    **{"split": 0, "sub": 1},
}
"""Where the methods of a pattern take the text."""


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(load_lexicon(), load(shipped()))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    """Lengths of what each pattern of `WINDOWS` is given from now on."""
    lengths: dict[str, list[int]] = {name: [] for name in WINDOWS}
    for name, noted in lengths.items():
        module, _, constant = name.partition(":")
        pattern = vars(importlib.import_module(module))[constant]
        watched = Watched(pattern, noted)
        for known in [m for n, m in sys.modules.items() if n.startswith("model.")]:
            for of_it in [n for n, part in vars(known).items() if part is pattern]:
                monkeypatch.setattr(known, of_it, watched)
    return lengths


def judge_all(judge: Judge) -> None:
    random = chance(SEED)
    for text in (*TEXTS, *(make_text(random) for _ in range(500))):
        judge.judge(text)


def test_no_pattern_is_given_more_than_it_is_measured_on(
    judge: Judge, given: dict[str, list[int]]
) -> None:
    judge_all(judge)
    for code in range(0x80, 0x11000):  # A character is folded once in a process.
        plain_form(chr(code))

    most = {name: max(lengths, default=0) for name, lengths in given.items()}
    assert {n: size for n, size in most.items() if size > WINDOWS[n]} == {}
    # What was never called was not watched.
    assert [name for name, size in most.items() if size == 0] == []


def test_what_is_compiled_while_comments_are_judged_is_linear_too(
    judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of libraries, too: phonenumbers compiles a country's when it is asked."""
    compiled, numbers = Compiled(), []
    compile_it, parse_it = compiler.compile, vars(plan)["parse"]

    def compiling(pattern: str, flags: int = 0) -> re.Pattern[str]:
        made: re.Pattern[str] = compile_it(pattern, flags)
        frame = sys._getframe(1)
        while frame.f_back and Path(frame.f_code.co_filename).parent.name == "re":
            frame = frame.f_back
        compiled[made.pattern, made.flags] = frame.f_code.co_filename
        return made

    def parsing(number: str, region: str) -> Any:  # noqa: ANN401 - as theirs
        numbers.append(number)
        return parse_it(number, region)

    monkeypatch.setattr(compiler, "compile", compiling)
    monkeypatch.setattr(plan, "parse", parsing)
    re.purge()
    judge_all(judge)

    theirs = {key for key, file in compiled.items() if not in_ours(file)}
    assert {Path(compiled[key]).parent.name for key in theirs} == {"phonenumbers"}
    assert len(theirs) > 5
    assert [one for one in numbers if not NUMBER.fullmatch(one)] == []
    for name, part in vars(phonenumberutil).items():
        # Those of RFC 3966 are for what comes after a semicolon.
        if isinstance(part, re.Pattern) and "RFC3966" not in name:
            theirs.add((part.pattern, part.flags))
    for pattern, flags in theirs:
        assert is_quick(re.compile(pattern, flags)), pattern


LONGEST_NUMBER = 64
NUMBER = re.compile(rf"[+()\d\s./*_~-]{{1,{LONGEST_NUMBER}}}")
"""What the library is asked about: never a comment as it was written."""


def in_ours(file: str) -> bool:
    """Whether it is in our sources, which are all read (`test_patterns`)."""
    return Path(file).is_relative_to(ROOT / "model")


def is_quick(pattern: re.Pattern[str]) -> bool:
    """Whether it is linear, or quick on whatever the library is asked about."""
    if worst(pattern) == "linear":
        return True
    pieces = ["0", "1", "9", "+", "91", "001", "19876543", "(1", "1 ", "-", "1-", ". "]
    texts = [(piece * LONGEST_NUMBER)[:LONGEST_NUMBER] for piece in pieces]
    return max(cost_ms(pattern, text) for text in texts) < CHARACTERS_MS
