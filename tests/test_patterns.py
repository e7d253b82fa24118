"""No regular expression of ours takes longer than in proportion to the text."""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from flask import Flask

from model.lexicon.disguise import LONGEST
from service.api import feedback_parsing, parsing
from service.api.parsing import Strict
from tests.fixtures_service import ROOT
from tests.patterns import SAMPLES, SEARCH, worst

FLAGS_AT = {
    **dict.fromkeys(("match", "search", "fullmatch", "findall", "finditer"), 2),
    **{"compile": 1, "split": 3, "sub": 4, "subn": 4},
}
"""Where the functions of `re` that take a pattern take flags."""
LOCAL = {"parsed": SimpleNamespace(country_code=358)}
"""What patterns are made of in the midst of a function."""
FILES = sorted(
    file for top in ("model", "service") for file in (ROOT / top).rglob("*.py")
)
WHOLE = 10_000
CHARACTERS_MS = 5.0


class Use(NamedTuple):
    """A pattern, and what it is called, or the function that is called with it."""

    module: str
    name: str
    pattern: re.Pattern[str]
    used: frozenset[str]

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


READ_IN_PART = {
    "model.contacts.address:OWNER": 50,
    "model.contacts.address:HOME": 50,
    "model.contacts.context:OFFICE": 81,
    "model.lexicon.chunks:CODE": LONGEST,
    "model.lexicon.glued:HUMP": 60,
    "model.lookalikes:NAMED": 100,  # A character's name.
    # Of whole texts: what is asserted there holds wherever they have begun.
    "model.lexicon.matcher:RUN_OF_BLANKS": WHOLE,
    "model.lexicon.matcher:ENDING_MARKS": WHOLE,
    "service.compat.markup:_TAG": WHOLE,
}
"""Patterns of which it is not shown that they are linear, and the most characters that
they are given.  They are measured on these."""


def uses() -> Iterator[Use]:
    """Every call of `re` in the sources, with its pattern compiled."""
    for file in FILES:
        tree = ast.parse(file.read_text())
        names = {
            id(node.value): target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and is_of_re(node.func):
                yield use(file, node, names.get(id(node), ""))


def is_of_re(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "re"
        and function.attr in FLAGS_AT
    )


def use(file: Path, call: ast.Call, name: str) -> Use:
    assert isinstance(call.func, ast.Attribute)
    module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    place = vars(importlib.import_module(module)) | LOCAL
    at = FLAGS_AT[call.func.attr]
    flags = [word.value for word in call.keywords if word.arg == "flags"]
    flags += call.args[at : at + 1]

    def value(part: ast.expr) -> Any:  # noqa: ANN401 - whatever stands there
        code = compile(ast.Expression(part), file.name, "eval")
        return eval(code, place)  # noqa: S307 - our own sources

    pattern = re.compile(value(call.args[0]), value(flags[0]) if flags else 0)
    used = calls(name, module) if name else [call.func.attr]
    return Use(module, name or call.func.attr, pattern, frozenset(used) or SEARCH)


def calls(name: str, module: str) -> list[str]:
    """What is called of a pattern, in its own module and where it is imported."""
    own = (ROOT / module.replace(".", "/")).with_suffix(".py")
    return [
        method
        for file in FILES
        if file == own or f"from {module} import" in file.read_text()
        for method in re.findall(rf"\b{name}\.(\w+)", file.read_text())
    ]


def kept(found: Use) -> int | None:
    """The most characters that a pattern is given, where that is known."""
    return READ_IN_PART.get(str(found))


USES = list(uses())


def test_every_pattern_is_found() -> None:
    mentioned = sum(
        len(re.findall(rf"\bre\.(?:{'|'.join(FLAGS_AT)})\(", file.read_text()))
        for file in FILES
    )

    assert len(USES) == mentioned > 90


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_there_is_no_other_engine(file: Path) -> None:
    others = r"^\s*(?:from (re|fnmatch) import|import (regex|re2|fnmatch|re as|re,))"

    assert not re.search(others, file.read_text(), re.MULTILINE)


@pytest.mark.parametrize("found", USES, ids=str)
def test_a_pattern_cannot_be_made_to_try_again_and_again(found: Use) -> None:
    answer = worst(found.pattern, found.used)

    assert answer != "exponential"
    assert (answer == "linear") == (kept(found) is None)


def test_no_pattern_is_excused_that_is_gone() -> None:
    assert set(READ_IN_PART) <= set(map(str, USES))


@pytest.mark.parametrize(
    "found", [one for one in USES if kept(one) is not None], ids=str
)
def test_what_is_not_shown_to_be_linear_is_quick_on_the_most_it_is_given(
    found: Use,
) -> None:
    size = kept(found) or 0
    own = set(found.pattern.pattern) & set("aAsft19 ,.-_'!(/\0#")
    pieces = ["".join(two) for two in product(sorted(own | set("aA1 .-")), repeat=2)]

    slowest = max(
        cost_ms(found.pattern, (piece * size)[: size - 1] + end)
        for piece in (*pieces, *SAMPLES)
        for end in ("\n", "!", "x")
    )

    assert slowest < CHARACTERS_MS


def cost_ms(pattern: re.Pattern[str], text: str) -> float:
    """Least CPU time that all matches of a pattern in a text take, each way."""
    least = float("inf")
    for _ in range(5):
        start = time.thread_time()
        pattern.findall(text)
        pattern.fullmatch(text)
        least = min(least, 1e3 * (time.thread_time() - start))
        if least < CHARACTERS_MS / 5:
            break
    return least


def test_what_requests_are_matched_with_has_no_way_back() -> None:
    """Pydantic's patterns are Rust's, whose engine is linear by construction."""
    for module in (parsing, feedback_parsing):
        for part in vars(module).values():
            if isinstance(part, type) and issubclass(part, Strict):
                engine = part.model_config.get("regex_engine", "rust-regex")
                assert engine == "rust-regex"


def test_paths_are_matched_in_linear_time(app: Flask) -> None:
    """Werkzeug makes patterns of routes: the longest path that a server takes."""
    adapter = app.url_map.bind("localhost")
    pieces = ["a/", "/", "report/", "/report", "comments:", "a", ".", "%2f", "\n", "-"]
    starts = {rule.rule.partition("<")[0] for rule in app.url_map.iter_rules()}

    for start, piece, end in product(sorted(starts), pieces, ["", "/x", "/statement"]):
        begun = time.thread_time()
        adapter.allowed_methods(start + (piece * 8_190)[:8_190] + end)
        took = time.thread_time() - begun

        assert took < 0.1, (start, piece, end)


EXAMPLES = [
    ("[^a]+", "linear"),
    (r"a{2,90}b", "linear"),
    (r"(.)\1{3,}", "linear"),
    (r"(?:ab){0,5}c", "linear"),
    (r"\s+$", "polynomial"),
    (r"a+a+b", "polynomial"),
    (r"(a|b)*c", "polynomial"),
    (r"x(?=.*y)", "polynomial"),
    (r"(a+)+b", "exponential"),
    (r"(a|a)*b", "exponential"),
    (r"(a*)*b", "exponential"),
    (r"^(\w+\s?)*$", "exponential"),
    (r"(?i:(ab|AB)+)!", "exponential"),
]


@pytest.mark.parametrize(("pattern", "answer"), EXAMPLES)
def test_the_check_knows_what_is_slow(pattern: str, answer: str) -> None:
    assert worst(re.compile(pattern)) == answer
