"""What was found by fuzzing stays found, and a little of it is done at every run.

`make fuzz` does it for as long as is wanted.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from model.artifact import load, shipped
from model.judge import Judge
from model.lexicon.matcher import Lexicon, load_lexicon
from tests.fixtures_service import ROOT
from tests.fuzzing.generated import Found, Requests, Texts, asked, main
from tests.fuzzing.promises import (
    TESTED_MS,
    examine_contacts,
    examine_fold,
    examine_judge,
    examine_lexicon,
    fair_ms,
)
from tests.fuzzing.requests import JSON, Sent, bodies, query_of
from tests.fuzzing.texts import LONGEST, MARKS, ODD, WORDS, chance, make_text

FINDINGS = sorted((ROOT / "tests" / "fuzzing" / "findings").glob("*.txt"))
PIECES = [
    *("f.", "*", "a ", "1", "\u200b", "a\u0301", "аa ", "сор ", "fu ", "f u  ", "f!"),
    *(
        "uu ",
        "🇫",
        "…",
        "½",
        "ɐ ",
        "f u c k ",
        "f🖕ck ",
        "#AbCd ",
        "kcuf ",
        "@a",
        "무지",
    ),
    *("1 ", "+91 98470 12345 ", "a at gmail dot com ", "nine eight ", "call 1 ", "ﷺ"),
    *("12 elm street ", "h.no 1, 560001 ", "\n", "٣ ", "i hate muslims. ", "Sh!t "),
    *("fuck", "x@y.zz ", "1 road ", "x House, P.O. 1 ", "ıuɐ ", "a. ", "son of a "),
]
"""What was found to cost most of all that tests of the judge's parts repeat."""
SEED = 20_261_123


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge(load_lexicon(), load(shipped()))


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


@pytest.mark.parametrize("file", FINDINGS, ids=lambda file: file.stem)
def test_what_was_found_is_mended(file: Path, judge: Judge, lexicon: Lexicon) -> None:
    text = file.read_bytes().decode("utf-8", "surrogatepass")

    examine_fold(text)
    examine_lexicon(lexicon, text)
    examine_contacts(text)
    examine_judge(judge, text, TESTED_MS)


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_no_text_of_full_length_takes_long(judge: Judge, piece: str) -> None:
    text = (piece * LONGEST)[:LONGEST]

    assert fair_ms(judge, text, TESTED_MS) <= TESTED_MS


def test_a_longer_text_takes_longer_in_proportion(judge: Judge) -> None:
    random = chance(SEED)
    text = "".join(make_text(random) for _ in range(1_500))[: 10 * LONGEST]

    assert len(text) == 10 * LONGEST
    assert fair_ms(judge, text, 10 * TESTED_MS) <= 10 * TESTED_MS


def test_made_up_texts_break_no_promise() -> None:
    texts, random = Texts(TESTED_MS), chance(SEED)

    for _ in range(4_000):
        texts.run(random)


def test_made_up_requests_are_never_a_fault_of_the_service(app: Flask) -> None:
    requests, random = Requests(app), chance(SEED)

    for _ in range(3_000):
        requests.run(random)


def test_every_route_that_takes_a_body_gets_made_up_ones(app: Flask) -> None:
    posted = {
        rule.rule.replace("<comment_id:comment_id>", "fuzzed")
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ())
        # Coral's are behind a signature; `test_coral` makes bodies up for them.
        and not rule.endpoint.startswith(("desk.", "reader.", "coral."))
        and not rule.endpoint.endswith(".nothing")
    }
    # These read the same form as others of theirs, by the same function.
    same = {"/1.1/verify-key", "/1.1/submit-ham", "/1.2/usage-limit"}

    assert posted - same == set(bodies(chance(SEED)))


def test_a_request_that_breaks_a_promise_is_reported_and_kept(
    app: Flask, tmp_path: Path
) -> None:
    broken = Requests(app)
    broken.status = lambda sent: 1 // 0  # type: ignore[method-assign]

    with pytest.raises(Found, match="ZeroDivisionError") as found:
        broken.run(chance(SEED))

    assert isinstance(found.value.data, bytes)


def test_the_command_counts_what_it_has_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--texts", "30", "--requests", "30", "--out", str(tmp_path)])

    assert status == 0
    assert "30 texts" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(st.sampled_from([*WORDS, *MARKS, *ODD]) | st.text(max_size=3)))
def test_any_text_keeps_the_promises(lexicon: Lexicon, pieces: list[str]) -> None:
    text = "".join(pieces) or "."

    examine_fold(text)
    examine_contacts(text)
    examine_lexicon(lexicon, text)


NASTY = [
    pytest.param(b"[" * 200_000, id="arrays in arrays"),
    pytest.param(b'{"a":' * 40_000, id="objects in objects"),
    pytest.param(b'{"input":' + b"9" * 300_000 + b"}", id="a number of 300,000 digits"),
    pytest.param(b'{"input":1e999999999}', id="a number beyond all numbers"),
    pytest.param(b'{"input":-1e-999999999}', id="a number beside nothing"),
    pytest.param(
        json.dumps({f"k{n}": n for n in range(30_000)}).encode(), id="30,000 names"
    ),
    pytest.param(
        b'{"input":"a"' + b',"input":"a"' * 30_000 + b"}", id="one name again"
    ),
    pytest.param(b'{"input":[' + b"0," * 150_000 + b"0]}", id="150,000 elements"),
    pytest.param(b'"' + b"\\u0041" * 60_000 + b'"', id="nothing but escapes"),
    pytest.param(b'{"input":"' + b"\\ud83d" * 40_000 + b'"}', id="halves of pairs"),
]


@pytest.mark.parametrize("body", NASTY)
@pytest.mark.parametrize(
    "path", [p for p in bodies(chance(SEED)) if not p.startswith("/1.")]
)
def test_a_json_bomb_does_no_harm(app: Flask, path: str, body: bytes) -> None:
    status, answer, _ = asked(app, Sent(path, query_of(path), body, JSON))

    assert 200 <= status < 500, answer
    assert len(answer) < 20_000
