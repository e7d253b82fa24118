"""SECURITY.md names tests for what it says, and they exist."""

from __future__ import annotations

import ast
import re

import pytest

from tests.fixtures_service import ROOT

TEXT = (ROOT / "SECURITY.md").read_text()
NAMED = sorted(set(re.findall(r"`(test_\w+)::(test_\w+)`", TEXT)))


@pytest.mark.parametrize(("module", "test"), NAMED)
def test_a_test_that_is_named_exists(module: str, test: str) -> None:
    tree = ast.parse((ROOT / "tests" / f"{module}.py").read_text())

    assert test in {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef)
    }


def test_every_threat_has_an_answer_and_a_test() -> None:
    begin = TEXT.index("## Threats")
    part = TEXT[begin : TEXT.index("## What is not answered")]
    rows = re.findall(r"^\|(?! threat|---)(.+)\|(.+)\|(.+)\|$", part, re.MULTILINE)

    assert len(rows) > 35
    for threat, answer, tests in rows:
        assert answer.strip(), threat
        assert "`test_" in tests, threat
    assert len(NAMED) > 60


def test_nothing_else_is_named_that_looks_like_a_test() -> None:
    mentioned = set(re.findall(r"test_\w+", TEXT))

    assert mentioned == {name for pair in NAMED for name in pair}
