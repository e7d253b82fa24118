"""Coral's external moderation phase: what becomes of a comment, and who may ask."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.compat.coral import reading
from service.limiting.limiter import Limiter
from service.services import NAME, Services
from service.store.limits import Limits
from tests.fixtures_clients import verdicts
from tests.fixtures_coral import (
    FAIR,
    FLAGGED,
    FOREIGN,
    FOUL,
    HATE,
    HELD,
    HOLDING_SECRET,
    HOOKS_SECRET,
    INSULT,
    OWN_WORD,
    PHASE,
    PHONE,
    SECRET,
    SIGNATURE,
    WRONG_SECRET,
    Body,
    Inside,
    complaints,
    headers_for,
    moderation,
    sign,
    written,
)

BODY = written(moderation(FAIR))


@pytest.fixture
def parts(inside: Inside) -> Services:
    found: Services = inside.app.extensions[NAME]
    return found


def rejection(said: Body | None) -> Body:
    """Why a comment is rejected, after checking that it is."""
    assert said is not None
    assert set(said) == {"status", "moderationAction"}
    assert said["status"] == said["moderationAction"]["status"] == "REJECTED"
    reason: Body = said["moderationAction"]["rejectionReason"]
    return reason


# What becomes of a comment


def test_of_an_innocent_comment_there_is_no_opinion(inside: Inside) -> None:
    answer = inside.send(moderation(FAIR))

    assert (answer.status, answer.body) == (204, b"")
    assert "Content-Type" not in answer.headers


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        pytest.param(FOUL, "OFFENSIVE", "An obscene word.", id="obscene"),
        pytest.param(INSULT, "ABUSIVE", "An insult.", id="personal"),
        pytest.param(
            HATE,
            "HATE_SPEECH",
            "An attack on people for what they are.",
            id="derogatory",
        ),
        pytest.param(PHONE, "OTHER", "A phone number.", id="contact details"),
    ],
)
def test_a_rejected_comment_has_the_code_that_its_author_is_told(
    inside: Inside, text: str, code: str, words: str
) -> None:
    reason = rejection(inside.moderate(text))

    assert reason["code"] == code
    assert words in reason["detailedExplanation"]
    assert reason["detailedExplanation"].endswith("This was decided automatically.")


def test_only_contact_details_have_a_reason_of_their_own(inside: Inside) -> None:
    assert (
        rejection(inside.moderate(PHONE))["customReason"] == "Private contact details"
    )
    assert "customReason" not in rejection(inside.moderate(FOUL))


def test_what_only_may_break_the_rule_is_no_reason_given(inside: Inside) -> None:
    reason = rejection(inside.moderate(f"{FOUL} {FOREIGN}"))

    assert "ossibly" not in reason["detailedExplanation"]


def test_what_is_flagged_is_published_or_held_as_the_site_wants(inside: Inside) -> None:
    assert inside.moderate(FOREIGN) == FLAGGED
    assert inside.moderate(FOREIGN, HOLDING_SECRET) == HELD


def test_a_site_that_holds_what_is_flagged_rejects_and_accepts_as_others(
    inside: Inside,
) -> None:
    assert rejection(inside.moderate(FOUL, HOLDING_SECRET))["code"] == "OFFENSIVE"
    assert inside.moderate(FAIR, HOLDING_SECRET) is None


def test_an_edited_comment_is_judged_as_a_new_one(inside: Inside) -> None:
    assert rejection(inside.moderate(FOUL, action="EDIT"))["code"] == "OFFENSIVE"


@pytest.mark.parametrize("role", ["STAFF", "MODERATOR", "ADMIN"])
def test_the_staffs_own_comments_are_left_to_coral(inside: Inside, role: str) -> None:
    assert inside.moderate(FOUL, role=role) is None


@pytest.mark.parametrize("role", ["COMMENTER", "MEMBER", "staff", "SOMETHING_NEW"])
def test_everybody_elses_are_judged(inside: Inside, role: str) -> None:
    assert rejection(inside.moderate(FOUL, role=role))


def test_whoever_has_no_role_is_judged(inside: Inside) -> None:
    sent = moderation(FOUL)
    for author in (None, {}, {"role": None}):
        assert rejection(inside.send(sent | {"author": author}).json)
    del sent["author"]
    assert rejection(inside.send(sent).json)


@pytest.mark.parametrize("text", ["", "  ", "\u200b", "<div><br></div>", None])
def test_of_a_picture_without_words_there_is_no_opinion(
    inside: Inside, text: str | None
) -> None:
    assert inside.moderate(text) is None


def test_what_a_reader_sees_of_html_is_judged(inside: Inside) -> None:
    for text in ("f<b>u</b>ck you", "<div>What the f&#117;ck</div>"):
        assert rejection(inside.moderate(text))["code"] == "OFFENSIVE"
    assert inside.moderate("<div>The council</div><div>should publish it</div>") is None


def test_half_a_character_keeps_nothing_from_being_judged(inside: Inside) -> None:
    assert rejection(inside.moderate(f"{FOUL} \ud83d"))["code"] == "OFFENSIVE"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="cut short"),
        pytest.param(b"[]", id="an array"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{}", id="no comment"),
        pytest.param(b'{"comment": {}}', id="no body"),
        pytest.param(b'{"comment": {"body": 7}}', id="a number"),
        pytest.param(b'{"comment": {"body": ["a"]}}', id="a list"),
        pytest.param(b'{"comment": {"body": "\xff"}}', id="no UTF-8"),
        pytest.param(b'{"comment": ' + b"[" * 5000 + b"]" * 5000 + b"}", id="deep"),
    ],
)
def test_what_is_signed_but_cannot_be_read_is_held(inside: Inside, body: bytes) -> None:
    assert inside.send_bytes(body).json == HELD


def test_a_text_that_is_too_long_to_be_judged_is_held(
    inside: Inside, parts: Services
) -> None:
    most = parts.settings.max_text

    assert inside.moderate("x" * (most + 1)) == HELD
    assert inside.moderate(("a fair word " * most)[:most]) is None


def test_a_request_that_is_too_large_is_held_and_not_refused(inside: Inside) -> None:
    assert inside.moderate("x" * 256 * 1024) == HELD


def test_what_comes_beyond_the_rate_limit_is_held_and_not_refused(
    inside: Inside, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter = Limiter(
        2,
        {"the database": Limits(parts.store.database)},
        secret=parts.store.key_for,
        on_failure=lambda *_: None,
        clock=lambda: 0.0,
    )
    limited = replace(parts, limiter=limiter)
    monkeypatch.setitem(inside.app.extensions, NAME, limited)

    said = [inside.moderate(FAIR) for _ in range(4)]

    assert said == [None, None, HELD, HELD]
    assert inside.moderate(FOUL, role="STAFF") is None
    assert inside.moderate(FAIR, HOLDING_SECRET) is None
    counted = parts.metrics.exposition().decode()
    assert 'refrain_coral_unjudged_total{why="limit"} 2.0' in counted


def test_a_bug_holds_a_comment_and_is_counted(
    inside: Inside, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts.moderation, "moderate", None)

    assert inside.moderate(FOUL) == HELD
    counted = parts.metrics.exposition().decode()
    assert 'refrain_coral_unjudged_total{why="fault"} 1.0' in counted
    assert "refrain_internal_errors_total 1.0" in counted


def test_verdicts_are_counted(inside: Inside) -> None:
    before = verdicts(inside.app)

    for text in (FAIR, FOUL, FOUL):
        inside.moderate(text)

    assert verdicts(inside.app) - before == Counter(accept=1, reject=2)


@pytest.mark.parametrize("part", ["&a", "<a ", "&nbsp;", '<b class="x">'])
def test_of_a_body_that_is_far_too_long_no_mark_is_looked_at(
    inside: Inside, parts: Services, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    looked: list[str] = []

    def seen(body: str) -> str:
        looked.append(body)
        return ""

    monkeypatch.setattr(reading, "seen", seen)
    most = parts.settings.max_text * reading.MARKUP

    assert inside.moderate((part * most)[: most + 1]) == HELD
    assert looked == []
    assert inside.moderate((part * most)[:most]) is None
    assert len(looked) == 1


def test_the_longest_comment_may_be_full_of_marks(
    inside: Inside, parts: Services
) -> None:
    most = parts.settings.max_text
    words = ("fair " * most)[:most]

    assert inside.moderate(f"<b>{words.replace(' ', '&nbsp;')}</b>") is None
    assert inside.moderate("fair &nbsp;" * (most // 5)) == HELD


def test_nothing_is_stored_of_what_is_asked_about(
    inside: Inside, parts: Services
) -> None:
    database = parts.store.database
    with database.reading() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM comments").scalar()
        inside.moderate(FOUL)
        inside.moderate(FOREIGN)
        after = connection.exec_driver_sql("SELECT count(*) FROM comments").scalar()

    assert before == after == 0


def test_a_sites_own_words_count_there_and_nowhere_else(inside: Inside) -> None:
    text = f"The author is a {OWN_WORD} as we know."

    assert rejection(inside.moderate(text, HOLDING_SECRET))["code"] == "ABUSIVE"
    assert inside.moderate(text) is None


# Every answer is one that Coral takes


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(text=st.text(st.characters(exclude_categories=()), max_size=300))
def test_any_text_at_all_gets_an_answer_that_coral_takes(
    inside: Inside, text: str
) -> None:
    for secret in (SECRET, HOLDING_SECRET):
        said = inside.moderate(text, secret)

        assert said is None or complete(said)


PARTS = ["fuck", "idiot", " ", "<b>", "</b>", "<div>", "&lt;", "&#x", '<a href="', '">']


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(parts=st.lists(st.sampled_from([*PARTS, FAIR, FOREIGN, "\ud800"]), max_size=9))
def test_markup_however_broken_gets_an_answer_that_coral_takes(
    inside: Inside, parts: list[str]
) -> None:
    said = inside.moderate("".join(parts))

    assert said is None or complete(said)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.binary(max_size=200))
def test_any_bytes_that_are_signed_get_an_answer_that_coral_takes(
    inside: Inside, body: bytes
) -> None:
    assert inside.send_bytes(body).json in (None, HELD)


def complete(said: Body) -> bool:
    """Whether no key is unknown, and nothing is null or empty."""
    known = {"status", "actions", "moderationAction"}

    def is_full(value: object) -> bool:
        inner = value.values() if isinstance(value, dict) else value
        if isinstance(value, dict | list):
            return bool(value) and all(map(is_full, inner))  # type: ignore[call-overload]
        return bool(value)

    return set(said) <= known and is_full(said)


@pytest.mark.parametrize(
    ("said", "minded"),
    [
        ({"tags": []}, ["tags"]),
        ({"tags": None}, ["tags"]),
        ({"status": None}, ["status"]),
        ({"status": "FLAGGED"}, ["status"]),
        (
            {
                "actions": [
                    {"actionType": "FLAG", "reason": "COMMENT_DETECTED_BANNED_WORD"}
                ]
            },
            ["actions"],
        ),
        ({"actions": None}, ["actions"]),
        ({"moderationAction": None}, ["moderationAction"]),
        (
            {"moderationAction": {"rejectionReason": {"detailedExplanation": ""}}},
            ["moderationAction"],
        ),
        (
            {"moderationAction": {"rejectionReason": {"legalGrounds": None}}},
            ["moderationAction"],
        ),
        ({"actions": [], "own": 1}, []),
        ({"tags": ["STAFF"], "moderationAction": {}}, []),
    ],
)
def test_the_check_of_answers_minds_what_coral_minds(
    said: Body, minded: list[str]
) -> None:
    assert complaints(said) == minded


# Who may ask


def refused(inside: Inside, headers: dict[str, str], body: bytes = BODY) -> None:
    answer = inside.post(body, headers, PHASE)

    assert answer.status == 401
    assert answer.problem["type"] == "/docs#wrong-signature"
    assert answer.headers["WWW-Authenticate"] == 'X-Coral-Signature realm="refrain"'


RIGHT = sign(SECRET, BODY)
WRONG = sign(WRONG_SECRET, BODY)


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param(",", id="a comma"),
        pytest.param("sha256=", id="no digits"),
        pytest.param(RIGHT, id="no scheme"),
        pytest.param(f"sha1={RIGHT}", id="another scheme"),
        pytest.param(f"sha256={RIGHT[:-1]}", id="cut short"),
        pytest.param(f"sha256={RIGHT}0", id="too long"),
        pytest.param(f"sha256={'z' * 64}", id="no hexadecimal digits"),
        pytest.param(f"sha256={'٣' * 64}", id="digits of another script"),
        pytest.param(f"sha256={WRONG}", id="of another secret"),
        pytest.param(f"sha256={RIGHT[::-1]}", id="the other way round"),
        pytest.param(f"sha256={WRONG}," * 16 + f"sha256={RIGHT}", id="too many"),
    ],
)
def test_nobody_is_answered_without_a_signature(
    inside: Inside, signature: str | None
) -> None:
    headers = headers_for(BODY)
    headers.pop(SIGNATURE)
    if signature is not None:
        headers[SIGNATURE] = signature.encode().decode("latin-1")

    refused(inside, headers)


def test_a_signature_is_of_the_very_bytes(inside: Inside) -> None:
    signed = headers_for(BODY, SECRET)

    refused(inside, signed, BODY + b"\n")
    refused(inside, signed, BODY.replace(b"\n", b"\r\n"))
    refused(inside, signed, BODY.replace(b"council", b"Council"))


def test_a_key_of_the_site_is_no_signature(inside: Inside) -> None:
    headers = headers_for(BODY) | {"Authorization": f"Bearer {SECRET}"}
    del headers[SIGNATURE]

    refused(inside, headers)


@pytest.mark.parametrize(
    "signature",
    [
        f"sha256={RIGHT},sha256={WRONG}",
        f"sha256={WRONG},sha256={RIGHT}",
        f"sha256={WRONG}, sha256={RIGHT} ",
        f"sha256={RIGHT.upper()}",
        f"v1=abc,sha256={RIGHT}",
    ],
)
def test_one_right_signature_of_several_will_do(inside: Inside, signature: str) -> None:
    headers = headers_for(BODY) | {SIGNATURE: signature}

    assert inside.post(BODY, headers, PHASE).status == 204


def test_any_secret_of_a_site_opens_it(inside: Inside) -> None:
    assert inside.moderate(FOREIGN, HOOKS_SECRET) == FLAGGED


def test_the_address_may_end_with_a_slash_and_is_never_redirected(
    inside: Inside,
) -> None:
    assert inside.send(moderation(FAIR), path=f"{PHASE}/").status == 204


def test_a_body_that_is_said_not_to_be_coded_is_read(inside: Inside) -> None:
    body = written(moderation(FAIR))
    signed = headers_for(body, SECRET) | {"Content-Encoding": "identity"}

    assert inside.post(body, signed, PHASE).status == 204


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", PHASE, 405),
        ("PUT", PHASE, 405),
        ("POST", "/coral", 404),
        ("POST", "/coral/", 404),
        ("POST", "/coral/moderation", 404),
        ("GET", "/coral/webhooks", 405),
    ],
)
def test_whatever_else_is_asked_gets_a_problem_and_no_html(
    inside: Inside, method: str, path: str, status: int
) -> None:
    response = inside.app.test_client().open(path, method=method)

    assert (response.status_code, response.mimetype) == (
        status,
        "application/problem+json",
    )
