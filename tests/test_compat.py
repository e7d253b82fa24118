"""What all protocols of other services share: keys, scores, labels and errors."""

from __future__ import annotations

from hashlib import blake2b

import pytest

from model.finding import Attribute, Finding, Rule, Source
from service.compat.keys import site_of
from service.compat.scores import UNKNOWN, probabilities
from service.compat.taught import made_id, teach
from service.domain import Comment, Kind, Outcome
from service.services import Services
from service.store.records import Site
from service.store.sites import Sites
from tests.fixtures_store import KEY

ACCEPT, REJECT = Outcome.ACCEPT, Outcome.REJECT
FAIR = "The council should publish the report."


@pytest.fixture
def site(parts: Services) -> Site:
    return Sites(parts.store.database).find("default")


def finding(attribute: Attribute | None, score: float) -> Finding:
    return Finding(Rule.OBSCENE, attribute, Source.LEXICON, score)


# Keys


def test_a_key_opens_its_site_wherever_it_came_from(parts: Services) -> None:
    found = site_of(parts, {}, KEY)

    assert found is not None
    assert found.name == "default"


@pytest.mark.parametrize("key", ["", "wrong", KEY[:-1], f"{KEY} ", "\udcff"])
def test_anything_else_opens_nothing(parts: Services, key: str) -> None:
    assert site_of(parts, {}, key) is None


# Scores


def test_a_finding_counts_where_it_says_more_than_the_classifier() -> None:
    scores = dict.fromkeys(Attribute, 0.25)
    seen = [finding(Attribute.PROFANITY, 1.0), finding(Attribute.INSULT, 0.1)]

    found = probabilities(scores, seen)

    assert found == scores | {Attribute.PROFANITY: 1.0}
    assert scores[Attribute.PROFANITY] == 0.25


def test_where_the_classifier_abstains_only_findings_say_something() -> None:
    seen = [finding(Attribute.PROFANITY, 1.0), finding(None, 1.0)]

    found = probabilities(None, seen)

    assert found == dict.fromkeys(Attribute, UNKNOWN) | {Attribute.PROFANITY: 1.0}


def test_a_probability_of_zero_is_one_like_any_other() -> None:
    scores = dict.fromkeys(Attribute, 0.0)

    assert probabilities(scores, []) == scores


# Ids


def test_the_same_that_was_sent_has_the_same_id(parts: Services) -> None:
    store = parts.store
    assert made_id(store, "p", "a", "b") == made_id(store, "p", "a", "b")
    ids = {
        made_id(store, protocol, *sent)
        for protocol, *sent in (
            ("p", "a", "b"),
            ("q", "a", "b"),
            ("p", "ab", ""),
            ("p", "", "ab"),
            ("p", "a", "b", ""),
            ("p", 'a","b'),
        )
    }
    assert len(ids) == 6


def test_an_id_is_short_and_tells_nothing(parts: Services) -> None:
    made = made_id(parts.store, "akismet", "a@example.org")

    protocol, _, digest = made.partition("-")
    assert (protocol, len(digest)) == ("akismet", 16)
    # What was sent cannot be guessed without the installation's secret.
    assert int(digest, 16) != int(blake2b(b'["a@example.org"]').hexdigest()[:16], 16)


# Labels


def test_a_label_keeps_the_text_and_the_verdict_beside_it(
    parts: Services, site: Site, fresh_id: str
) -> None:
    teach(parts, site, Comment(FAIR, fresh_id), ACCEPT, rule=None, by="t")

    record = parts.moderation.find(site, fresh_id)
    assert record.text == FAIR
    automatic, label = record.decisions
    assert automatic.kind is Kind.AUTOMATIC
    assert (label.kind, label.decided_by) == (Kind.SITE, "t")
    assert label.verdict.outcome is ACCEPT


def test_the_same_label_again_changes_nothing(
    parts: Services, site: Site, fresh_id: str
) -> None:
    comment = Comment(FAIR, fresh_id)
    for _ in range(3):
        teach(parts, site, comment, REJECT, rule=Rule.PERSONAL, by="t")

    record = parts.moderation.find(site, fresh_id)
    assert len(record.decisions) == 2
    assert record.decisions[-1].rule is Rule.PERSONAL


def test_a_label_of_another_text_is_one_of_a_new_revision(
    parts: Services, site: Site, fresh_id: str
) -> None:
    teach(parts, site, Comment(FAIR, fresh_id), ACCEPT, rule=None, by="t")

    teach(parts, site, Comment(f"{FAIR} No.", fresh_id), REJECT, rule=None, by="t")

    record = parts.moderation.find(site, fresh_id)
    assert [one.revision for one in record.decisions] == [1, 1, 2, 2]
    assert record.texts == {1: FAIR, 2: f"{FAIR} No."}


def test_a_label_of_what_waits_settles_it(
    parts: Services, site: Site, fresh_id: str
) -> None:
    foreign = Comment("この記事はとても興味深いです。", fresh_id)
    assert parts.moderation.moderate(site, foreign).verdict.flagged

    teach(parts, site, foreign, ACCEPT, rule=None, by="t")

    last = parts.moderation.find(site, fresh_id).decisions[-1]
    assert (last.verdict.flagged, last.decided_by) == (False, "t")


def test_a_comment_without_an_id_cannot_be_a_label(parts: Services, site: Site) -> None:
    with pytest.raises(ValueError, match="id"):
        teach(parts, site, Comment(FAIR), ACCEPT, rule=None, by="t")
