"""Deciding at the desk: by form and by script, one or many, undone, and never twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import quote

import pytest
from flask import session

from service.desk.forms import MAX_NOTE, MAX_PICKS, Pick
from service.desk.undoing import MOST, remember, undoable
from service.domain import Decision
from service.review import Review
from service.store.records import Site
from tests.fixtures_desk import EDITH, MARY, ZOE, Desk, Posted, ids_in

INSULT, FOUL, CRASS = "You are an idiot.", "What the fuck is this?", "She is a moron."
ODD_IDS = ["a/b", "?x=1&y#z", "100%", "ä ഈ 🙂", "3:all:c", ":", "<b>'\""]

SitDown = Callable[[str], Desk]
Log = Callable[[str], tuple[Decision, ...]]


@pytest.fixture
def log(review: Review, paper: Site) -> Log:
    """All decisions on a comment."""

    def log(comment_id: str) -> tuple[Decision, ...]:
        case = review.desk.case(paper.id, comment_id, by="-", now=datetime.now(UTC))
        assert case
        return case.decisions

    return log


@pytest.fixture
def three(posted: Posted) -> list[str]:
    """Three comments that wait, the newest first."""
    for number, text in enumerate([INSULT, FOUL, CRASS]):
        posted(f"c-{number}", text)
    return ["c-2", "c-1", "c-0"]


# ---- One comment ----


def test_a_button_decides_and_leads_back_to_where_it_was(
    desk: Desk, three: list[str], log: Log
) -> None:
    answer = desk.decide("c-1", reject="obscene", note="  Again.  ")

    assert answer.status_code == 303
    assert answer.headers["Location"] == desk.path("queue")
    assert desk.ids() == ["c-2", "c-0"]
    last = log("c-1")[-1]
    assert (last.verdict.outcome, last.rule, last.note) == (
        "reject",
        "obscene",
        "Again.",
    )
    assert (last.decided_by, last.kind) == (MARY, "review")


def test_the_page_after_a_decision_offers_to_undo_it(
    desk: Desk, three: list[str]
) -> None:
    desk.decide("c-1", approve="1")

    page = desk.page("queue")

    assert "Approved." in page
    assert '<input type="hidden" name="pick" value="2:one:c-1">' in page


def test_near_identical_comments_are_decided_as_one_and_undone_as_one(
    desk: Desk, posted: Posted, log: Log
) -> None:
    posted("c-1", INSULT)
    posted("c-2", "YOU ARE AN IDIOT!")

    desk.decide("c-2", approve="1", alike="1")
    assert desk.ids() == []
    assert "Approved, with 1 other like it." in desk.page("queue")
    desk.post("undo", pick="2:one:c-2", back=desk.path("queue"))

    assert desk.ids() == ["c-2"]
    assert log("c-1")[-1].kind == log("c-2")[-1].kind == "undo"


def test_without_the_tick_only_the_one_is_decided(desk: Desk, posted: Posted) -> None:
    posted("c-1", INSULT)
    posted("c-2", "YOU ARE AN IDIOT!")

    desk.decide("c-2", approve="1")

    assert desk.ids() == ["c-1"]


def test_the_script_is_answered_with_what_was_said_and_how_to_undo_it(
    desk: Desk, three: list[str]
) -> None:
    answer = desk.script("decide", id="c-0", seen="1", reject="personal")

    assert answer.get_json() == {
        "said": "Rejected as personal.",
        "undo": {"picks": ["2:one:c-0"], "seconds": 10},
        "others": 0,
        "failed": {},
    }


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "Choose the rule broken: derogatory, personal, obscene."),
        ({"reject": ""}, "Choose the rule broken"),
        ({"reject": "rude"}, "Choose the rule broken"),
        ({"approve": "1", "seen": "one"}, "The form is broken; reload the page."),
        ({"approve": "1", "seen": "-1"}, "The form is broken"),
        ({"approve": "1", "seen": "1" * 10}, "The form is broken"),
        ({"approve": "1", "seen": "١"}, "The form is broken"),
        ({"approve": "1", "note": "n" * (MAX_NOTE + 1)}, "at most 1,000 characters"),
    ],
)
def test_a_form_that_makes_no_sense_changes_nothing_and_says_why(
    desk: Desk, three: list[str], log: Log, fields: dict[str, str], problem: str
) -> None:
    form = {"id": "c-1", "seen": "1", **fields}

    by_form, by_script = desk.post("decide", **form), desk.script("decide", **form)

    assert by_form.status_code == by_script.status_code == 422
    assert problem in unescape(by_form.text)
    assert problem in by_script.get_json()["said"]
    assert len(log("c-1")) == 1


def test_a_comment_that_was_never_sent_cannot_be_decided(desk: Desk) -> None:
    assert desk.decide("c-0", approve="1").status_code == 404
    assert desk.script("decide", id="c-0", seen="1", approve="1").status_code == 404


def test_a_note_with_a_nul_is_kept(desk: Desk, three: list[str], log: Log) -> None:
    desk.decide("c-1", approve="1", note="a\0b")

    assert log("c-1")[-1].note == "a\ufffdb"


@pytest.mark.parametrize("comment_id", ODD_IDS)
def test_a_comment_of_whatever_id_is_decided_and_undone(
    desk: Desk, posted: Posted, log: Log, comment_id: str
) -> None:
    posted(comment_id)

    done = desk.script("decide", id=comment_id, seen="1", approve="1").get_json()
    undone = desk.script("undo", pick=done["undo"]["picks"]).get_json()

    assert [decision.kind for decision in log(comment_id)][1:] == ["review", "undo"]
    assert ids_in(undone["cards"][comment_id]) == [comment_id]
    desk.script("decide-many", pick=[f"3:one:{comment_id}"], approve="1")
    assert len(log(comment_id)) == 4


# ---- Two moderators ----


def test_the_second_of_two_is_told_who_decided_and_changes_nothing(
    desk: Desk, sit_down: SitDown, three: list[str], log: Log
) -> None:
    sit_down(ZOE).decide("c-1", approve="1")

    by_form = desk.decide("c-1", reject="obscene")
    page = desk.page("queue")
    by_script = desk.script("decide", id="c-1", seen="1", reject="obscene")

    assert by_form.status_code == 303
    told = f"Already decided by {ZOE}"
    assert told in unescape(page)
    assert by_script.status_code == 409
    assert by_script.get_json()["said"].startswith(told)
    assert len(log("c-1")) == 2


def test_whoever_looks_second_is_told_of_the_first(
    desk: Desk, sit_down: SitDown, three: list[str]
) -> None:
    zoe = sit_down(ZOE)

    first = desk.script("look", id="c-1").get_json()
    second = zoe.script("look", id="c-1").get_json()

    assert first == {"look": None}
    assert second == {"look": {"moderator": MARY}}
    assert zoe.page("queue").count(f"Being looked at by <b data-looker>{MARY}</b>") == 1
    assert f"<b data-looker>{MARY}</b>" not in desk.page("queue")


def test_opening_a_comments_page_is_looking_at_it(
    desk: Desk, sit_down: SitDown, three: list[str]
) -> None:
    desk.page("comments", "c-1")

    assert sit_down(ZOE).script("look", id="c-1").get_json()["look"]


def test_a_look_at_what_was_never_sent_is_nothing(desk: Desk) -> None:
    assert desk.script("look", id="c-0").get_json() == {"look": None}


# ---- Escalating, appeals ----


def test_what_is_escalated_is_an_editors_to_decide(
    desk: Desk, sit_down: SitDown, three: list[str], log: Log
) -> None:
    desk.decide("c-1", escalate="1", note="Is this libel?")

    refused = desk.script("decide", id="c-1", seen="2", approve="1")
    page = desk.page("queue", waiting="escalated")
    decided = sit_down(EDITH).decide("c-1", seen=2, approve="1")

    assert refused.status_code == 403
    assert "This waits for an editor." in page
    assert 'name="approve"' not in page.partition('id="bulk"')[0]
    assert decided.status_code == 303
    assert log("c-1")[-1].decided_by == EDITH


def test_an_escalation_is_undone(desk: Desk, three: list[str], log: Log) -> None:
    done = desk.script("decide", id="c-1", seen="1", escalate="1").get_json()
    desk.script("undo", pick=done["undo"]["picks"])

    assert desk.ids("queue", waiting="flagged") == three
    assert log("c-1")[-1].kind == "undo"


def test_an_appeal_is_answered_by_somebody_else(
    desk: Desk, sit_down: SitDown, posted: Posted, review: Review, paper: Site, log: Log
) -> None:
    posted("c-1")
    desk.decide("c-1", reject="personal")
    review.appeal(paper, "c-1", decision=None, words="I meant the plan.")

    refused = desk.decide("c-1", seen=2, approve="1")
    answered = sit_down(ZOE).decide("c-1", seen=2, approve="1")

    assert refused.status_code == answered.status_code == 303
    assert "You rejected c-1: somebody else has to answer" in desk.page("appeals")
    assert [one.decided_by for one in log("c-1")][1:] == [MARY, ZOE]
    assert log("c-1")[-1].kind == "appeal"


def test_a_decision_is_reversed_later_and_both_are_in_the_log(
    desk: Desk, three: list[str], log: Log
) -> None:
    desk.decide("c-1", approve="1")

    desk.decide("c-1", seen=2, reject="obscene")

    assert desk.ids("rejected") == ["c-1"]
    outcomes = [decision.verdict.outcome for decision in log("c-1")]
    assert outcomes == ["accept", "accept", "reject"]


# ---- Many at once ----


def test_a_selection_is_decided_in_one_go_and_undone_in_one(
    desk: Desk, three: list[str], log: Log
) -> None:
    picks = ["1:one:c-0", "1:one:c-2"]

    desk.post("decide-many", pick=picks, reject="obscene", back=desk.path("queue"))
    assert desk.ids() == ["c-1"]
    page = desk.page("queue")
    assert "Rejected as obscene: 2 comments." in page
    desk.post("undo", pick=["2:one:c-0", "2:one:c-2"], back=desk.path("queue"))

    assert desk.ids() == three
    assert [len(log(comment_id)) for comment_id in three] == [3, 1, 3]


def test_of_a_selection_what_somebody_else_decided_is_left_and_named(
    desk: Desk, sit_down: SitDown, three: list[str], log: Log
) -> None:
    sit_down(ZOE).decide("c-1", approve="1")

    picks = ["1:one:c-0", "1:one:c-1"]
    answer = desk.script("decide-many", pick=picks, reject="obscene").get_json()

    assert answer["undo"]["picks"] == ["2:one:c-0"]
    assert list(answer["failed"]) == ["c-1"]
    assert answer["failed"]["c-1"].startswith(f"Already decided by {ZOE}")
    assert answer["said"].startswith("Rejected as obscene: 1 comment. 1 was left as")
    assert log("c-1")[-1].decided_by == ZOE


def test_a_group_in_a_selection_is_decided_whole(
    desk: Desk, posted: Posted, three: list[str]
) -> None:
    posted("d-0", "you are an IDIOT")
    assert desk.page("queue").count("1:all:d-0") == 1

    picks = ["1:all:d-0", "1:one:c-1"]
    answer = desk.script("decide-many", pick=picks, approve="1").get_json()

    assert answer["said"] == "Approved: 3 comments."
    assert answer["others"] == 1
    assert desk.ids() == ["c-2"]


def test_a_selection_is_escalated(desk: Desk, three: list[str]) -> None:
    picks = ["1:one:c-0", "1:one:c-1"]
    answer = desk.script("decide-many", pick=picks, escalate="1").get_json()
    again = desk.script("decide-many", pick=["2:one:c-0"], escalate="1").get_json()

    assert answer["said"] == "Passed on to an editor: 2 comments."
    assert desk.ids("queue", waiting="escalated") == ["c-1", "c-0"]
    assert again["failed"] == {"c-0": "This waits for an editor already."}


@pytest.mark.parametrize(
    ("picks", "problem"),
    [
        ([], "Select a comment first."),
        (["c-1"], "The form is broken"),
        ([f"1:one:{n}" for n in range(MAX_PICKS + 1)], "At most 500"),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(
    desk: Desk, picks: list[str], problem: str
) -> None:
    answer = desk.post("decide-many", pick=picks, approve="1")

    assert answer.status_code == 422
    assert problem in answer.text


# ---- Undoing ----


def test_nobody_undoes_what_somebody_else_decided(
    desk: Desk, sit_down: SitDown, three: list[str], log: Log
) -> None:
    sit_down(ZOE).decide("c-1", approve="1")

    assert desk.script("undo", pick="2:one:c-1").status_code == 403
    assert desk.post("undo", pick="2:one:c-1").status_code == 303
    assert len(log("c-1")) == 2


def test_what_can_still_be_undone_is_undone_and_the_rest_is_named(
    desk: Desk, sit_down: SitDown, three: list[str], log: Log
) -> None:
    desk.decide("c-0", approve="1")
    sit_down(ZOE).decide("c-1", approve="1")

    answer = desk.script("undo", pick=["2:one:c-0", "2:one:c-1"]).get_json()

    assert answer["said"].startswith("Undone. 1 was left as before: ")
    assert log("c-0")[-1].kind == "undo"


def test_what_was_undone_is_not_offered_again(desk: Desk, three: list[str]) -> None:
    desk.decide("c-0", approve="1")
    desk.post("undo", pick="2:one:c-0", back=desk.path("queue"))

    assert 'value="2:one:c-0"' not in desk.page("queue")


def test_undoing_is_offered_for_ten_seconds_on_the_same_site(
    desk: Desk, paper: Site
) -> None:
    now = datetime.now(UTC)
    with desk.client.application.test_request_context("/desk/"):
        assert undoable(paper, now) is None
        assert remember(paper, "Approved.", [Pick(2, "c-1")], now)

        at_first = undoable(paper, now + timedelta(seconds=1))
        assert at_first
        assert (at_first.said, at_first.picks) == ("Approved.", ["2:one:c-1"])
        assert at_first.seconds == 9
        assert undoable(paper, now + timedelta(seconds=10)) is None


def test_more_than_a_cookie_holds_is_not_remembered(desk: Desk, paper: Site) -> None:
    picks = [Pick(2, "c" * 250) for _ in range(MOST // 250 + 1)]
    with desk.client.application.test_request_context("/desk/"):
        assert not remember(paper, "Approved.", picks, datetime.now(UTC))
        assert "undo" not in session


# ---- Only on purpose ----


@pytest.mark.parametrize("act", ["decide", "decide-many", "undo", "look"])
def test_nothing_is_done_without_the_forms_token(
    desk: Desk, three: list[str], act: str
) -> None:
    fields = {"id": "c-1", "seen": "1", "approve": "1", "pick": "1:one:c-1"}

    answer = desk.client.post(desk.path(act), data=fields)

    assert answer.status_code == 400
    assert desk.ids() == three


@pytest.mark.parametrize("act", ["decide", "decide-many", "undo", "look"])
def test_opening_an_address_does_nothing(
    desk: Desk, three: list[str], act: str
) -> None:
    answer = desk.get(act, id="c-1", seen="1", approve="1", pick="1:one:c-1")

    assert answer.status_code in (404, 405)
    assert desk.ids() == three


@pytest.mark.parametrize(
    "elsewhere",
    ["https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere", "", "x"],
)
def test_a_form_leads_nowhere_but_to_the_desk(
    desk: Desk, three: list[str], elsewhere: str
) -> None:
    answer = desk.post("decide", id="c-1", seen="1", approve="1", back=elsewhere)

    assert answer.status_code == 303
    assert answer.headers["Location"] == "/desk/"


def test_a_form_leads_back_to_a_narrowed_list(desk: Desk, three: list[str]) -> None:
    narrowed = f"{desk.path('queue')}?words={quote('മലയാളം')}&order=oldest"
    answer = desk.post("decide", id="c-1", seen="1", approve="1", back=narrowed)

    assert answer.headers["Location"] == narrowed
