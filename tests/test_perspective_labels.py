"""What is stored by way of Perspective, and how people's views become labels."""

from __future__ import annotations

import json
from typing import Any

import pytest

from model.finding import Rule
from model.judge import Judge
from service.domain import Outcome
from service.judging.bench import Bench
from service.services import Services
from service.store.records import Site
from tests.fixtures_perspective import (
    FAIR,
    FOUL,
    SUGGEST,
    Ask,
    Body,
    count,
    request_for,
    suggestion,
)
from tests.fixtures_service import stored

# What is stored


@pytest.mark.parametrize("permit", [{}, {"doNotStore": True}, {"doNotStore": None}])
def test_nothing_is_stored_unless_the_client_says_so(
    parts: Services, ask: Ask, permit: Body
) -> None:
    before = count(parts)

    ask(**request_for(FOUL, clientToken="t", spanAnnotations=True, **permit))

    assert count(parts) == before


def test_a_comment_that_may_be_stored_is_stored_once(
    parts: Services, ask: Ask, fresh_id: str
) -> None:
    text, before = f"{FOUL} {fresh_id}", count(parts)

    for _ in range(2):
        ask(**request_for(text, doNotStore=False, clientToken="constant"))
    ask(**request_for(f"{text}!", doNotStore=False, clientToken="constant"))

    # The token may be the same for all of a client's comments.
    assert count(parts) == before + 2


def test_a_token_that_names_a_comment_is_its_id(
    parts: Services, ask: Ask, fresh_id: str
) -> None:
    ask(**request_for(FOUL, doNotStore=False, clientToken=f"comment:{fresh_id}"))

    assert stored(parts, fresh_id).text == FOUL


# What people think


def corals(comment_id: str, text: str, status: str = "APPROVED") -> dict[str, Any]:
    """What Coral 9.11.8 sends for a moderator's decision."""
    url = f"https://news.example.com/rivers?page=2&commentID={comment_id}"
    known = {"url": url, "Coral_comment_id": comment_id}
    return {
        **suggestion(text, TOXICITY=0 if status == "APPROVED" else 1),
        "context": {"entries": [{"text": json.dumps(known)}]},
        "languages": ["en"],
        "communityId": "Coral:https://coral.example.com",
        "clientToken": f"comment:{comment_id}",
    }


def test_what_a_moderator_in_coral_decides_is_a_label(
    parts: Services, ask: Ask, fresh_id: str
) -> None:
    response = ask(SUGGEST, **corals(fresh_id, FAIR, "DELETED"))

    assert response.get_json() == {
        "clientToken": f"comment:{fresh_id}",
        "requestedLanguages": ["en"],
        "detectedLanguages": ["en"],
    }
    record = stored(parts, fresh_id)
    last = record.decisions[-1]
    assert record.text == FAIR
    assert (last.verdict.outcome, last.decided_by) == (Outcome.REJECT, "perspective")
    assert last.rule is None
    assert record.article is not None
    assert record.article.id == "https://news.example.com/rivers?page=2"


class Counted(Bench):
    """A bench that knows how often it has judged."""

    judged = 0

    def judge(self, site: Site) -> Judge:
        """The judge of a site, of which each is asked once."""
        self.judged += 1
        return super().judge(site)


def test_what_a_person_thinks_costs_one_judging(
    parts: Services, ask: Ask, fresh_id: str
) -> None:
    usual = parts.moderation.bench
    counted = parts.moderation.bench = Counted(usual.shared)
    try:
        ask(SUGGEST, **corals(fresh_id, FAIR, "DELETED"))
    finally:
        parts.moderation.bench = usual

    assert counted.judged == 1


@pytest.mark.parametrize(
    ("text", "languages"),
    [pytest.param(FAIR, ["en"], id="English"), ("Ничего не понятно здесь", ["und"])],
)
def test_the_language_is_told_whatever_was_decided_before(
    ask: Ask, fresh_id: str, text: str, languages: list[str]
) -> None:
    for status in ("DELETED", "APPROVED", "DELETED"):
        found = ask(SUGGEST, **corals(fresh_id, text, status)).get_json()

        assert found["detectedLanguages"] == languages


def test_the_same_suggestion_again_changes_nothing(
    parts: Services, ask: Ask, fresh_id: str
) -> None:
    for status in ("DELETED", "DELETED", "APPROVED", "APPROVED"):
        ask(SUGGEST, **corals(fresh_id, FAIR, status))

    outcomes = [one.verdict.outcome for one in stored(parts, fresh_id).decisions]
    assert outcomes == [Outcome.ACCEPT, Outcome.REJECT, Outcome.ACCEPT]


def test_a_reply_knows_what_it_answers(
    parts: Services, ask: Ask, fresh_id: str
) -> None:
    known = {"reply_to_id_Coral_comment_id": "c0", "Coral_comment_id": fresh_id}
    entries = [{"text": "no JSON"}, {"text": "7"}, {"text": json.dumps(known)}]

    ask(SUGGEST, **suggestion(FAIR, TOXICITY=0), context={"entries": entries})

    assert stored(parts, fresh_id).parent_id == "c0"


@pytest.mark.parametrize(
    ("values", "outcome", "rule"),
    [
        pytest.param({"TOXICITY": 1}, Outcome.REJECT, None, id="toxic"),
        pytest.param({"TOXICITY": 0.5}, Outcome.REJECT, None, id="on the line"),
        pytest.param({"TOXICITY": 0.49}, Outcome.ACCEPT, None, id="below it"),
        pytest.param({"INSULT": 1}, Outcome.REJECT, Rule.PERSONAL, id="an insult"),
        pytest.param({"THREAT": 1}, Outcome.REJECT, Rule.PERSONAL, id="a threat"),
        pytest.param({"OBSCENE": 1}, Outcome.REJECT, Rule.OBSCENE, id="obscene"),
        pytest.param(
            {"TOXICITY": 1, "INSULT": 0.6, "IDENTITY_ATTACK@2": 0.9, "PROFANITY": 0.1},
            Outcome.REJECT,
            Rule.DEROGATORY,
            id="the strongest that names a clause",
        ),
        pytest.param({"LIKELY_TO_REJECT": 0.9}, Outcome.REJECT, None, id="overall"),
        pytest.param({"INSULT": 0, "THREAT": 0}, Outcome.ACCEPT, None, id="neither"),
        pytest.param({"APPROVED": 1}, Outcome.ACCEPT, None, id="old Coral: approved"),
        pytest.param(
            {"HIGHLIGHTED": 1}, Outcome.ACCEPT, None, id="old Coral: featured"
        ),
        pytest.param({"DELETED": 1}, Outcome.REJECT, None, id="old Coral: deleted"),
    ],
)
def test_a_score_says_what_a_person_thinks(
    parts: Services,
    ask: Ask,
    fresh_id: str,
    values: dict[str, float],
    outcome: Outcome,
    rule: Rule | None,
) -> None:
    body = suggestion(FAIR, **values) | {"clientToken": f"comment:{fresh_id}"}

    assert ask(SUGGEST, **body).status_code == 200

    last = stored(parts, fresh_id).decisions[-1]
    assert (last.verdict.outcome, last.rule) == (outcome, rule)


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        pytest.param({"summaryScore": {}}, Outcome.ACCEPT, id="0 is left out"),
        pytest.param(
            {"spanScores": [{"begin": 0, "end": 3, "score": {"value": 0.9}}]},
            Outcome.REJECT,
            id="only a part",
        ),
        pytest.param(
            {"summaryScore": {"value": 0}, "spanScores": [{"score": {"value": 1}}]},
            Outcome.ACCEPT,
            id="the whole counts more than a part",
        ),
        pytest.param(
            {"summaryScore": {"value": 1, "type": "PROBABILITY"}},
            Outcome.REJECT,
            id="with its type",
        ),
    ],
)
def test_scores_may_be_of_the_whole_or_of_parts(
    parts: Services, ask: Ask, fresh_id: str, given: Body, outcome: Outcome
) -> None:
    body = suggestion(FAIR) | {"attributeScores": {"TOXICITY": given}}

    ask(SUGGEST, **body, clientToken=f"comment:{fresh_id}")

    assert stored(parts, fresh_id).decisions[-1].verdict.outcome is outcome


@pytest.mark.parametrize(
    "token", [None, "", "comment:", "comment:\n", "comment:" + "x" * 201, "other:c1"]
)
def test_without_an_id_the_text_and_the_token_make_one(
    parts: Services, ask: Ask, fresh_id: str, token: str | None
) -> None:
    before = count(parts)
    for _ in range(2):
        body = suggestion(f"{FAIR} {fresh_id}", TOXICITY=1)
        response = ask(SUGGEST, **body, clientToken=token)

        assert response.get_json().get("clientToken") == token
    assert count(parts) == before + 1


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"Coral_comment_id": 7}, id="a number as id"),
        pytest.param({"Coral_comment_id": "\n"}, id="no id"),
        pytest.param({"Coral_comment_id": "", "url": ["x"]}, id="a list as address"),
        pytest.param({"Coral_comment_id": "", "url": "http://[x"}, id="no address"),
        pytest.param({"Coral_comment_id": "", "url": "javascript:1"}, id="no page"),
        pytest.param(["Coral_comment_id"], id="a list"),
    ],
)
def test_a_context_that_makes_no_sense_is_passed_over(
    parts: Services, ask: Ask, fresh_id: str, entry: object
) -> None:
    body = suggestion(FAIR, TOXICITY=1) | {
        "context": {"entries": [{"text": json.dumps(entry)}]},
        "clientToken": f"comment:{fresh_id}",
    }

    assert ask(SUGGEST, **body).status_code == 200

    assert stored(parts, fresh_id).article is None
