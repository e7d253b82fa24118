"""A change is tried on what was, before anything is stored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.dialects import sqlite

from model.finding import DOUBTFUL, RULE_OF, Attribute, Rule, Source, Span
from model.judge import Judgement, load_judge
from model.lexicon.entries import Forms, Strength
from service.domain import Outcome, Reason, Thresholds, Verdict
from service.policy import Policy, make_policy
from service.rules.own import make_word
from service.rules.preview import Preview, Shift, judgement_of, preview
from service.rules.trial import try_phrase, try_word
from service.store.accounts import Role
from service.store.database import open_database
from service.store.past import KEPT, Decided, Kept, Past
from service.store.sites import Sites
from tests.fixtures_store import NOON
from tests.reviewing import FLAGGED, World
from tests.samples import ACCEPTED, REJECTED

CARD = {"thresholds": {rule: {"flag": 0.4, "reject": 0.8} for rule in Rule}}
NOW = make_policy("news@1", CARD)


def then(rule: Rule, flag: float | None, reject: float | None) -> Policy:
    return make_policy("news@1", CARD, {rule: Thresholds(flag, reject)})


# Words


def words_in(text: str, strength: Strength = Strength.REJECT) -> tuple[str, ...]:
    word = make_word("dick", Rule.OBSCENE, strength, Forms.STEM)
    hits = try_word(word, [], [Kept("c", text)])
    return tuple(text[s.start : s.end] for hit in hits.hits for s in hit.spans)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("What a dick, a d1ck!", ("dick", "d1ck"), id="in disguise"),
        pytest.param("Two dicks", ("dicks",), id="inflected"),
        pytest.param("Dick Cheney, Dickens", (), id="not in what is allowed"),
    ],
)
def test_a_word_is_looked_for_as_comments_will_be(
    text: str, found: tuple[str, ...]
) -> None:
    assert words_in(text) == found


def test_a_word_to_be_ignored_is_looked_for_too() -> None:
    assert words_in("What a dick", Strength.IGNORE) == ("dick",)


def test_a_word_is_tried_on_names_and_places() -> None:
    word = make_word("dick", Rule.OBSCENE, Strength.REJECT, Forms.STEM)

    hits = try_word(word, ["Fort Dick"], [])

    assert hits.names == ("Dick Schaap",)
    assert {"Dick Cheney", "Moby Dick", "Fort Dick, California"} <= set(hits.spared)


def test_a_word_that_stands_in_no_name_hits_none() -> None:
    word = make_word("frobnicator", Rule.PERSONAL, Strength.FLAG, Forms.STEM)

    hits = try_word(word, [], [Kept("c", "Fair point.")])

    assert (hits.comments, hits.hits, hits.names, hits.spared) == (1, (), (), ())


def test_what_is_to_be_allowed_is_found_as_it_is_spelt() -> None:
    comments = [Kept("a", "Do kill the BILL!"), Kept("b", "k1ll the bill")]

    (hit,) = try_phrase("Kill the bill", comments).hits

    assert (hit.comment.id, hit.spans) == ("a", (Span(3, 16),))


# Thresholds


def scored(insult: float, *reasons: Reason) -> Verdict:
    scores = dict.fromkeys(Attribute, 0.0) | {Attribute.INSULT: insult}
    return replace(ACCEPTED, scores=scores, reasons=reasons)


def lexical(detail: str = "") -> Reason:
    return Reason(
        Rule.PERSONAL, Attribute.INSULT, Source.LEXICON, 1.0, 0.8, (), "", detail
    )


def decided(
    verdict: Verdict, outcome: Outcome = Outcome.ACCEPT, *, is_by_person: bool = False
) -> Decided:
    return Decided(verdict, outcome, is_by_person)


def test_a_preview_counts_what_would_be_different() -> None:
    past = [
        decided(scored(0.1)),
        decided(scored(0.3)),
        decided(scored(0.35), is_by_person=True),
        decided(scored(0.5), Outcome.REJECT, is_by_person=True),
        decided(scored(0.9), Outcome.REJECT),
    ]

    assert preview(past, NOW, then(Rule.PERSONAL, 0.3, 0.8)) == Preview(
        comments=5,
        by_people=2,
        flagged=Shift(1, 3),
        rejected=Shift(1, 1),
        let_through=0,
        overruled=0,
    )


def test_a_preview_tells_what_would_be_let_through() -> None:
    past = [
        decided(scored(0.9), Outcome.REJECT),
        decided(scored(0.5), Outcome.REJECT, is_by_person=True),
        decided(scored(0.5), Outcome.ACCEPT, is_by_person=True),
        decided(scored(0.97), Outcome.REJECT),
    ]

    shown = preview(past, NOW, then(Rule.PERSONAL, None, 0.95))

    assert (shown.let_through, shown.rejected) == (2, Shift(2, 1))
    assert shown.flagged.more == -2


def test_a_preview_tells_whom_a_person_had_approved() -> None:
    past = [decided(scored(0.5), is_by_person=True), decided(scored(0.5))]

    shown = preview(past, NOW, then(Rule.PERSONAL, 0.4, 0.5))

    assert (shown.overruled, shown.rejected) == (1, Shift(0, 2))


def test_zero_and_one_are_thresholds_like_any_other() -> None:
    past = [decided(scored(0.0)), decided(scored(1.0), Outcome.REJECT)]

    shown = preview(past, NOW, then(Rule.PERSONAL, 0.0, 1.0))

    assert (shown.flagged, shown.rejected) == (Shift(0, 1), Shift(1, 1))


def test_other_rules_are_not_touched() -> None:
    past = [decided(scored(0.9), Outcome.REJECT)]

    shown = preview(past, NOW, then(Rule.OBSCENE, 0.0, None))

    assert (shown.rejected, shown.flagged) == (Shift(1, 1), Shift(0, 0))


def test_words_count_in_a_preview_as_they_did() -> None:
    past = [decided(scored(0.0, lexical()), Outcome.REJECT)]
    doubtful = [decided(scored(0.0, lexical(DOUBTFUL)))]
    off = then(Rule.PERSONAL, 0.4, None)

    assert preview(past, NOW, off).rejected == Shift(1, 0)
    assert preview(past, NOW, off).flagged == Shift(0, 1)
    assert preview(doubtful, NOW, off).flagged == Shift(1, 1)
    assert preview(doubtful, NOW, off).rejected == Shift(0, 0)


def test_where_the_classifier_abstained_people_look_whatever_the_thresholds() -> None:
    unknown = Reason(None, None, Source.CLASSIFIER, 0.7, 0.0, (), "", "unknown")
    past = [decided(replace(ACCEPTED, scores=None, reasons=(unknown,)))]

    assert preview(past, NOW, then(Rule.PERSONAL, 1.0, None)).flagged == Shift(1, 1)


def test_nothing_was_there_to_try_it_on() -> None:
    nothing = Shift(0, 0)

    assert preview([], NOW, NOW) == Preview(0, 0, nothing, nothing, 0, 0)


TEXTS = [
    "You are an idiot. Call 020 7946 0958, you clown.",
    "Fair point.",
    "What the fuck is wrong with this world.",
    "यह लेख बहुत अच्छा है",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_stored_verdict_tells_what_the_judge_saw(text: str) -> None:
    judge = load_judge()
    policy = make_policy("news@1", judge.card)
    verdict = policy.verdict(judge.judge(text), model="m")

    again = policy.verdict(judgement_of(verdict), model="m")

    assert (again.outcome, again.flagged) == (verdict.outcome, verdict.flagged)
    assert {(r.rule, r.attribute, r.source, r.score) for r in again.reasons} == {
        (r.rule, r.attribute, r.source, r.score) for r in verdict.reasons
    }


def test_a_judgement_of_a_plain_verdict_is_its_scores() -> None:
    judgement: Judgement = judgement_of(scored(0.25))

    assert {f.attribute: f.score for f in judgement.findings} == {
        attribute: 0.25 if attribute is Attribute.INSULT else 0.0
        for attribute in RULE_OF
    }


# The past


def decide(world: World, comment_id: str, outcome: Outcome) -> None:
    world.review.decide(
        world.site,
        comment_id,
        outcome,
        rule=Rule.PERSONAL if outcome is Outcome.REJECT else None,
        note=None,
        seen=1,
        by="anna",
        role=Role.MODERATOR,
    )


def test_the_past_tells_the_automatic_verdict_and_what_it_is_now(world: World) -> None:
    world.send("a", ACCEPTED)
    world.send("b", FLAGGED)
    world.send("c", REJECTED)
    decide(world, "b", Outcome.REJECT)

    past = Past(world.database).decided(world.site.id)

    assert past == [
        Decided(REJECTED, Outcome.REJECT, False),
        Decided(FLAGGED, Outcome.REJECT, True),
        Decided(ACCEPTED, Outcome.ACCEPT, False),
    ]


def test_what_was_undone_is_nobodys_decision(world: World) -> None:
    world.send("a", FLAGGED)
    decide(world, "a", Outcome.REJECT)
    world.review.undo(world.site, "a", number=2, by="anna")

    (only,) = Past(world.database).decided(world.site.id)

    assert only == Decided(FLAGGED, Outcome.ACCEPT, False)


def test_the_past_is_of_one_site_and_has_an_end(world: World) -> None:
    other = Sites(world.database).create("other", by="test", now=NOON)
    for number in range(4):
        world.send(f"c{number}", replace(ACCEPTED, policy=f"default@{number}"))
    past = Past(world.database)

    assert [one.verdict.policy for one in past.decided(world.site.id, 2)] == [
        "default@3",
        "default@2",
    ]
    assert past.decided(other.id) == []


def test_an_edited_comment_counts_once_as_it_was_judged_last(world: World) -> None:
    world.send("a", REJECTED, "Foul.")
    world.send("a", ACCEPTED, "Fair.")

    (only,) = Past(world.database).decided(world.site.id)

    assert only == Decided(ACCEPTED, Outcome.ACCEPT, False)


def test_only_kept_texts_can_be_looked_through(world: World) -> None:
    world.send("a", ACCEPTED, "Not kept.")
    world.send("b", FLAGGED, "Kept, for it is flagged.")
    world.send("c", REJECTED, "Kept, for it is rejected.")
    past = Past(world.database)

    accepted = past.kept(world.site.id, Outcome.ACCEPT)
    rejected = past.kept(world.site.id, Outcome.REJECT)

    assert accepted == [Kept("b", "Kept, for it is flagged.")]
    assert rejected == [Kept("c", "Kept, for it is rejected.")]


def test_of_a_comment_that_was_edited_the_last_text_is_looked_through(
    world: World,
) -> None:
    world.send("a", FLAGGED, "First.")
    world.send("a", FLAGGED, "Second.")

    assert Past(world.database).kept(world.site.id, Outcome.ACCEPT) == [
        Kept("a", "Second.")
    ]


def test_kept_texts_are_found_by_their_index(prepared_sqlite: Path) -> None:
    database = open_database(f"sqlite:///{prepared_sqlite}")
    query = KEPT.compile(dialect=sqlite.dialect(paramstyle="named"))
    given = {"site_id": 1, "outcome": "accept", "limit": 1}

    with database.reading() as connection:
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {query}", query.params | given)
        plan = [row[-1] for row in cursor.fetchall()]
    database.close()

    found = "SEARCH comments USING INDEX ix_comments_kept (site_id=? AND outcome=?)"
    assert plan[0] == found
