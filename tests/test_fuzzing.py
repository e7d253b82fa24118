"""What was found by fuzzing stays found, and a little of it is done at every run.

`make fuzz` does it for as long as is wanted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from model.artifact import load, shipped
from model.judge import Judge
from model.lexicon.matcher import Lexicon, load_lexicon
from service.settings import load_settings
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


LIMITS = load_settings({})
ROOMY = (
    "/v1/moderate/batch",
    "/v1/moderations",
    "/v1alpha1/comments:analyze",
    "/v1alpha1/comments:suggestscore",
)
"""Routes that take bodies as large as a batch's; others, those of one comment."""
BOMBED = [path for path in bodies(chance(SEED)) if not path.startswith("/1.")]
BOMB_S = 5.0
"""Most CPU time that refusing one takes."""


def room(path: str) -> int:
    """The largest body that a route takes."""
    return LIMITS.max_batch_body if path in ROOMY else LIMITS.max_body


def filled(size: int, start: bytes, piece: bytes, end: bytes = b"") -> bytes:
    """A body of that size: a piece again and again, and blanks after it all."""
    pieces = piece * ((size - len(start) - len(end)) // len(piece))
    return (start + pieces + end).ljust(size)


def of_names(size: int) -> bytes:
    """An object of that size with as many different names as it can have."""
    names = b",".join(b'"%07d":0' % n for n in range(size // 12))
    return (b"{" + names + b"}").ljust(size)


NO_JSON: dict[str, Callable[[int], bytes]] = {
    "arrays in arrays": lambda size: b"[" * size,
    "all of them closed": lambda size: filled(size, b"[" * (size // 2), b"]"),
    "objects in objects": lambda size: filled(size, b"", b'{"a":'),
    "a number of nothing but digits": lambda size: filled(size, b'{"k":', b"9", b"}"),
    "halves of pairs": lambda size: filled(size, b'{"text":"', b"\\ud83d", b'"}'),
    "nothing but blanks": lambda size: b" " * size,
}
"""Beside what is none: deeper than is read, or longer than any number."""
OTHER_JSON: dict[str, Callable[[int], bytes]] = {
    "a number beyond all numbers": lambda size: b'{"k":1e999999999}'.ljust(size),
    "a number beside nothing": lambda size: b'{"k":-1e-999999999}'.ljust(size),
    "all names there are": of_names,
    "one name again": lambda size: filled(size, b'{"k":0', b',"k":0', b"}"),
    "nothing but elements": lambda size: filled(size, b'{"k":[', b"0,", b"0]}"),
    "nothing but escapes": lambda size: filled(size, b'"', b"\\u0041", b'"'),
}
"""What no route takes for one of its own."""
BOMBS = NO_JSON | OTHER_JSON


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("path", BOMBED)
def test_a_json_bomb_is_read_as_far_as_it_may_be_and_refused(
    app: Flask, path: str, bomb: str
) -> None:
    of_ours = not path.startswith(("/v1/moderations", "/v1alpha1"))
    body = BOMBS[bomb](room(path))
    assert len(body) == room(path)
    start = time.thread_time()

    status, answer, _ = asked(app, Sent(path, query_of(path), body, JSON))

    # Those that we stand in for say 400 of either.
    assert status == (422 if of_ours and bomb in OTHER_JSON else 400), answer
    assert len(answer) < 2_000
    assert time.thread_time() - start < BOMB_S


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("path", BOMBED)
def test_a_larger_one_is_not_even_read(app: Flask, path: str, bomb: str) -> None:
    body = BOMBS[bomb](room(path) + 1)

    status, answer, _ = asked(app, Sent(path, query_of(path), body, JSON))

    assert status == 413, answer
    assert len(answer) < 2_000


def test_of_a_name_that_is_repeated_the_last_value_counts(app: Flask) -> None:
    start, end = b'{"text":7', b',"text":"Fair."}'
    body = start + b',"text":7' * ((LIMITS.max_body - 99) // 9) + end

    status, answer, _ = asked(app, Sent("/v1/moderate", "", body, JSON))

    assert (status, json.loads(answer)["decision"]) == (200, "accept")
