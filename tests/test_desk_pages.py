"""The desk's lists, and a comment's own page: what moderators see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import Engine, event

from model.finding import Rule
from service.desk.cases import COMPARED
from service.domain import Outcome
from service.review import Review
from service.services import NAME
from service.store.accounts import Role
from service.store.cases import REPORTS
from service.store.records import Site
from service.store.reviews import Reviews
from tests.fixtures_desk import EDITH, SCRIPT, ZOE, Desk, Posted, ids_in

FAIR = "The council should publish the report on the bridge."
FOUL = "What the fuck is this?"
INSULT = "You are an idiot."
HOSTILE = "<script>alert(1)</script> \u202eyou idiot\u200b </textarea>'\""
ODD_IDS = ["a/b", "a//b/../c", "?x=1&y#z", "100%", "ä ഈ 🙂", "<b>'\"", "3:all:c"]
PAGES = ["queue", "accepted", "rejected", "appeals"]
ARTICLE = {"id": "a-1", "url": "https://paper.example/a", "title": "A second bridge"}

SitDown = Callable[[str], Desk]
Reported = Callable[[str, str], None]


def insult(number: int) -> str:
    """A text that is flagged, and like no other."""
    return f"You are an idiot, {''.join('abcdefghij'[int(d)] * 3 for d in str(number))}"


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that this process runs meanwhile."""
    statements: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


def decide(
    review: Review, paper: Site, comment_id: str, outcome: Outcome, by: str = ZOE
) -> None:
    """Have somebody decide on whatever holds."""
    case = review.desk.case(paper.id, comment_id, by=by, now=datetime.now(UTC))
    assert case
    review.decide(
        paper,
        comment_id,
        outcome,
        rule=Rule.PERSONAL if outcome is Outcome.REJECT else None,
        note="As before.",
        seen=case.card.number,
        by=by,
        role=Role.MODERATOR,
    )


# ---- The queue ----


def test_what_is_flagged_waits_the_newest_first(desk: Desk, posted: Posted) -> None:
    posted("c-1", INSULT)
    posted("c-2", FOUL)
    posted("c-3", FAIR)

    assert desk.ids() == ["c-2", "c-1"]
    assert desk.ids("queue", order="oldest") == ["c-1", "c-2"]


def test_a_card_says_why_it_is_there_and_marks_the_words(
    desk: Desk, posted: Posted
) -> None:
    posted("c-1", FOUL, author={"id": "u-1", "name": "Ann"}, article=ARTICLE)

    page = desk.page("queue")

    assert 'What the <mark class="obscene">fuck</mark> is this?' in page
    assert "An obscene word." in page or "Possibly an obscene word." in page
    assert "<q><bdi>fuck</bdi></q>" in page
    assert "A second bridge" in page
    assert 'href="https://paper.example/a"' in page
    assert "1 accepted, 0 rejected" in page
    assert "Flagged and published until decided" in page


def test_a_card_shows_what_the_comment_answers(desk: Desk, posted: Posted) -> None:
    posted("c-1", INSULT)
    posted("c-2", FOUL, parent_id="c-1")
    posted("c-3", "Such an idiot.", parent_id="c-0")

    page = desk.page("queue")

    assert '<p dir="auto">You are an idiot.</p></blockquote>' in page
    assert "In answer to a comment that was not kept." in page


def test_the_rule_that_the_judge_sees_broken_is_suggested(
    desk: Desk, posted: Posted
) -> None:
    posted("c-1", FOUL)

    page = desk.page("queue")

    button = 'value="obscene" data-key="3" aria-keyshortcuts="3"'
    assert f'{button} data-done="Rejected as obscene." class="suggested"' in page


@pytest.mark.parametrize("page", PAGES)
def test_nothing_that_a_reader_sends_becomes_html(
    desk: Desk, posted: Posted, review: Review, paper: Site, page: str
) -> None:
    more = {
        "author": {"id": HOSTILE[:20], "name": HOSTILE[:25]},
        "article": {"id": "<i>", "url": "https://x.example/?'><i>", "title": "<i>"},
        "parent_id": "<i>",
    }
    posted("<i>", HOSTILE, **more)
    if page != "accepted":
        decide(review, paper, "<i>", Outcome.REJECT)
    if page in ("appeals", "queue"):
        review.appeal(paper, "<i>", decision=None, words=HOSTILE)

    shown = desk.page(page)
    own = desk.page("comments", "<i>")

    for html in (shown, own):
        main = html.partition("<main")[2]
        assert "<script" not in main
        assert "&lt;script&gt;" in main
        assert "\u202e" not in main
        assert "<i>U+202E</i>" in main
        assert main.count("<i>") == main.count("<i>U+")


def test_a_long_comment_is_folded(desk: Desk, posted: Posted) -> None:
    posted("c-1", FAIR * 100 + " You are an idiot. " + FAIR * 80)

    page = desk.page("queue")

    assert "<summary>Show all 9,379 characters</summary>" in page
    assert page.count(">idiot</mark>") + page.count("You are an idiot</mark>") == 2


def test_near_identical_comments_are_one_card(desk: Desk, posted: Posted) -> None:
    for number, text in enumerate([INSULT, "you are an IDIOT!", "You are an idiot 2"]):
        posted(f"c-{number}", text)

    page = desk.page("queue")

    assert len(ids_in(page)) == 1
    assert "and 2 others like it" in page
    assert "<b data-total>3</b> waiting" in page


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"rule": "obscene"}, ["c-2"]),
        ({"rule": "personal"}, ["c-1"]),
        ({"rule": "derogatory"}, []),
        ({"waiting": "flagged"}, ["c-2", "c-1"]),
        ({"waiting": "appealed"}, []),
        ({"source": "contact"}, []),
        ({"author": "u-1"}, ["c-1"]),
        ({"article": "a-1"}, ["c-2"]),
        ({"language": "hi"}, ["c-1"]),
        ({"least": "0"}, ["c-2", "c-1"]),
        ({"most": "0"}, []),
        ({"words": "IDIOT"}, ["c-1"]),
        ({"words": "100%"}, []),
        ({"rule": "obscene", "words": "idiot"}, []),
    ],
)
def test_the_queue_is_narrowed(
    desk: Desk, posted: Posted, query: dict[str, str], ids: list[str]
) -> None:
    posted("c-1", INSULT, author={"id": "u-1"}, language="hi")
    posted("c-2", FOUL, author={"id": "u-2"}, article=ARTICLE)

    assert desk.ids("queue", **query) == ids


def test_a_filter_that_makes_no_sense_is_named_beside_its_field(
    desk: Desk, posted: Posted
) -> None:
    posted("c-1")

    answer = desk.get("queue", rule="rude", least="2")

    assert answer.status_code == 422
    assert "“rude” is none of derogatory, personal, obscene." in unescape(answer.text)
    assert "A score is from 0 to 1, not “2”." in answer.text
    assert ids_in(answer.text) == ["c-1"]


def test_a_cursor_that_nobody_gave_out_is_refused(desk: Desk) -> None:
    assert desk.get("queue", after="elsewhere").status_code == 422


def test_a_long_queue_goes_on_where_the_page_ends(desk: Desk, posted: Posted) -> None:
    for number in range(27):
        posted(f"c-{number}", insult(number))
    page = desk.page("queue")
    more = unescape(page.partition('data-more="')[2].partition('"')[0])

    rest = desk.client.get(more)
    fetched = desk.client.get(more, headers=SCRIPT).get_json()

    assert ids_in(page) == [f"c-{number}" for number in range(26, 1, -1)]
    assert ids_in(rest.text) == ["c-1", "c-0"] == ids_in(fetched["html"])
    assert fetched["more"] is None
    assert "<html" not in fetched["html"]


@pytest.mark.parametrize("page", PAGES)
def test_more_comments_take_no_more_queries(
    desk: Desk, posted: Posted, review: Review, paper: Site, page: str
) -> None:
    def fill(numbers: range) -> None:
        for number in numbers:
            posted(f"c-{number}", insult(number), author={"id": f"u-{number}"})
            if page in ("rejected", "appeals"):
                decide(review, paper, f"c-{number}", Outcome.REJECT)
            if page == "appeals":
                review.appeal(paper, f"c-{number}", decision=None, words="No!")

    fill(range(2))
    with counted() as few:
        desk.page(page)
    fill(range(2, 12))
    with counted() as more:
        assert len(desk.ids(page)) == 12

    assert len(few) == len(more)
    assert len(few) <= 15


@pytest.mark.parametrize("page", [*PAGES, "comments/c-1"])
def test_who_is_not_signed_in_sees_nothing(
    desk: Desk, desk_app: Flask, page: str
) -> None:
    stranger = Desk(desk_app.test_client(), desk.site)

    answer = stranger.client.get(f"/desk/{desk.site.name}/{page}")

    assert answer.status_code == 303
    assert "/desk/sign-in" in answer.headers["Location"]


@pytest.mark.parametrize("page", [*PAGES, "comments/c-1"])
def test_a_site_that_does_not_exist_is_not_found(desk: Desk, page: str) -> None:
    assert desk.client.get(f"/desk/nowhere/{page}").status_code == 404


def test_one_site_shows_nothing_of_another(desk: Desk, posted: Posted) -> None:
    posted("c-1")

    assert desk.client.get("/desk/default/comments/c-1").status_code == 404
    assert "c-1" not in ids_in(desk.client.get("/desk/default/queue").text)


# ---- Accepted, rejected, appeals ----


def test_what_was_decided_is_listed_by_its_outcome(
    desk: Desk, posted: Posted, review: Review, paper: Site
) -> None:
    posted("c-1", INSULT)
    posted("c-2", FOUL)
    decide(review, paper, "c-1", Outcome.REJECT)
    decide(review, paper, "c-2", Outcome.ACCEPT)

    assert desk.ids("rejected") == ["c-1"]
    assert desk.ids("accepted") == ["c-2"]
    assert desk.ids("queue") == []
    assert desk.ids("rejected", words="nothing of it") == []
    assert f"Rejected as personal by {ZOE}" in desk.page("rejected")


def test_an_appeal_stands_beside_what_it_is_about(
    desk: Desk, posted: Posted, review: Review, paper: Site
) -> None:
    posted("c-1", INSULT)
    decide(review, paper, "c-1", Outcome.REJECT)
    review.appeal(paper, "c-1", decision=None, words="It was a <joke>.")

    page = desk.page("appeals")

    assert ids_in(page) == ["c-1"]
    assert '<div class="wording" dir="auto">It was a &lt;joke&gt;.</div>' in page
    assert "You are an" in page
    assert "You rejected this" not in page


def test_whoever_rejected_a_comment_is_told_to_leave_the_appeal_to_others(
    sit_down: SitDown, posted: Posted, review: Review, paper: Site
) -> None:
    posted("c-1", INSULT)
    decide(review, paper, "c-1", Outcome.REJECT, by=ZOE)
    review.appeal(paper, "c-1", decision=None, words="No!")

    assert "You rejected this" in sit_down(ZOE).page("appeals")


# ---- A comment's own page ----


def test_the_history_says_who_did_what_when_by_which_model_and_policy(
    desk: Desk, posted: Posted, review: Review, paper: Site
) -> None:
    verdict = posted("c-1", INSULT)
    decide(review, paper, "c-1", Outcome.REJECT)
    decide(review, paper, "c-1", Outcome.ACCEPT, by=EDITH)

    page = unescape(desk.page("comments", "c-1"))

    history = page.partition('id="log-title"')[2]
    steps = [f"Approved by {EDITH}", f"Rejected as personal by {ZOE}", "Flagged and"]
    assert sorted(steps, key=history.index) == steps
    assert history.count("As before.") == 2
    assert history.count(f"<code>{verdict['model']}</code>") == 3
    assert history.count(f"<code>{paper.policy}</code>") == 3
    assert history.count("<time datetime=") == 3
    assert "What the reader is told" in history


def test_revisions_are_shown_with_what_changed(desk: Desk, posted: Posted) -> None:
    posted("c-1", "You are an idiot, sir.")
    posted("c-1", "You are an utter idiot, <i>.")

    page = desk.page("comments", "c-1")

    assert "You are an <ins>utter </ins>idiot" in page
    assert "<del>sir</del><ins>&lt;i&gt;</ins>" in page
    assert "Compared with revision 1." in page
    assert "As it was first sent." in page


def test_a_revision_that_was_not_kept_is_said_to_be_missing(
    desk: Desk, posted: Posted
) -> None:
    posted("c-1", FAIR)
    posted("c-1", INSULT)

    page = desk.page("comments", "c-1")

    assert "The text before was not kept." in page
    assert "The text was not kept." in page


def test_of_very_many_revisions_the_newest_are_compared(
    desk: Desk, posted: Posted
) -> None:
    for number in range(COMPARED + 3):
        posted("c-1", insult(number))

    assert desk.page("comments", "c-1").count("<h3>Revision") == COMPARED


def test_reports_and_appeals_stand_on_the_comments_page(
    desk: Desk, posted: Posted, reported: Reported, review: Review, paper: Site
) -> None:
    reported("c-1", FAIR)
    decide(review, paper, "c-1", Outcome.REJECT)
    review.appeal(paper, "c-1", decision=None, words="But why?")
    decide(review, paper, "c-1", Outcome.ACCEPT, by=EDITH)

    page = desk.page("comments", "c-1")

    assert "Rude!" in page
    assert "But why?" in page
    assert 'against <a href="#d2">decision 2</a>' in page
    assert 'answered by <a href="#d3">decision 3</a>' in page
    assert f"Appeal granted by {EDITH}" in unescape(page)


def test_of_very_many_reports_the_newest_are_shown_and_their_number(
    desk: Desk, posted: Posted, reported: Reported, review: Review, paper: Site
) -> None:
    reported("c-1", FAIR)
    assert "The newest" not in desk.page("comments", "c-1")
    for n in range(REPORTS + 1):
        review.report(paper, "c-1", reporter=None, words=f"Complaint {n}.")

    page = desk.page("comments", "c-1")

    assert "The newest 100 of 102." in page
    assert page.count("about revision 1") == REPORTS
    assert "Complaint 100." in page
    assert "Complaint 0." not in page


def test_a_comment_that_is_only_a_record_has_a_page(desk: Desk, posted: Posted) -> None:
    posted("c-1", FAIR)

    page = desk.page("comments", "c-1")

    assert "The text was not kept." in page
    assert "Accepted automatically" in page


def test_a_second_opinion_is_not_told_the_first(
    desk_app: Flask, desk: Desk, posted: Posted, paper: Site
) -> None:
    services = desk_app.extensions[NAME]
    asking = Review(
        services.review.desk,
        Reviews(services.store.database),
        second_share=1.0,
        text_hash=services.store.text_hash,
    )
    posted("c-1", INSULT)
    decide(asking, paper, "c-1", Outcome.REJECT, by=ZOE)

    for page in (desk.page("queue"), desk.page("comments", "c-1")):
        assert "A second opinion is wanted" in page
        assert "As before." not in page
        assert ZOE not in unescape(page)


@pytest.mark.parametrize("comment_id", ODD_IDS)
def test_a_comment_of_whatever_id_has_a_page(
    desk: Desk, posted: Posted, comment_id: str
) -> None:
    posted(comment_id)
    page = desk.page("queue")
    link = page.partition('data-key="o"')[0].rpartition('href="')[2].partition('"')[0]

    answer = desk.client.get(unescape(link))

    assert ids_in(page) == [comment_id] == ids_in(answer.text)


def test_a_comment_that_was_never_sent_has_none(desk: Desk) -> None:
    answer = desk.get("comments", "c-0")

    assert answer.status_code == 404
    assert "This site has no comment of this id." in answer.text
