"""What was answered is stored, once, and comes back the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from model.finding import Rule
from service.auth import key_hash
from service.domain import Comment, Decision, Outcome, Thresholds, Verdict
from service.errors import InvalidInput
from service.store.database import Database
from service.store.records import Recorded, Submission
from service.store.schema import comments, decisions, policies, texts
from service.store.sites import Sites
from service.store.store import Store
from tests.fixtures_store import KEY, NOON
from tests.samples import ABSTAINED, ACCEPTED, REJECTED, comment

SITE = 1


def send(
    store: Store, sent: Comment, verdict: Verdict = ACCEPTED, *, site: int = SITE
) -> Recorded:
    keep = verdict is not ACCEPTED
    text_hash = store.text_hash(sent.text)
    return store.record(
        site, sent, text_hash, verdict, NOON, alike=bytes(16) if keep else None
    )


def submission(store: Store, sent: Comment, verdict: Verdict = ACCEPTED) -> Submission:
    text_hash = store.text_hash(sent.text)
    return Submission(
        sent, text_hash, verdict, alike=None if verdict is ACCEPTED else bytes(16)
    )


def rows(database: Database) -> tuple[int, int, int]:
    """How many comments, decisions and texts are stored."""
    with database.reading() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(table))
            for table in (comments, decisions, texts)
        ]
    return counts[0] or 0, counts[1] or 0, counts[2] or 0


@pytest.mark.parametrize(
    "verdict",
    [
        pytest.param(ACCEPTED, id="accepted"),
        pytest.param(REJECTED, id="rejected"),
        pytest.param(ABSTAINED, id="flagged, no scores"),
    ],
)
def test_what_was_answered_is_what_is_stored(store: Store, verdict: Verdict) -> None:
    answered = send(store, comment("c-1"), verdict)

    assert answered.decision == Decision(verdict, "automatic", NOON, revision=1)
    assert store.latest(SITE, "c-1") == answered


def test_the_same_text_again_gets_the_stored_decision(
    store: Store, database: Database
) -> None:
    first = send(store, comment("c-1"), ACCEPTED)

    again = send(store, comment("c-1"), REJECTED)

    assert again == first
    assert rows(database) == (1, 1, 0)


def test_another_text_is_a_new_revision_with_its_own_decision(store: Store) -> None:
    send(store, comment("c-1", "A fair point."), ACCEPTED)

    changed = send(store, comment("c-1", "Another point."), REJECTED)

    assert changed.decision.revision == 2
    assert changed.decision.verdict == REJECTED
    assert store.latest(SITE, "c-1") == changed


def test_a_text_that_was_changed_back_is_judged_again(store: Store) -> None:
    for text in ("one", "two", "one"):
        last = send(store, comment("c-1", text))

    assert last.decision.revision == 3


def test_an_unknown_comment_has_no_decision_and_no_history(store: Store) -> None:
    assert store.latest(SITE, "c-1") is None
    assert store.history(SITE, "c-1") is None


def test_the_text_of_an_accepted_comment_is_not_kept(
    store: Store, database: Database
) -> None:
    send(store, comment("c-1", "Nobody needs to read this."), ACCEPTED)

    record = store.history(SITE, "c-1")

    assert record is not None
    assert record.text is None
    assert rows(database) == (1, 1, 0)


def test_the_history_tells_everything_oldest_first(store: Store) -> None:
    sent = comment("c-1", "The first.")
    send(store, sent, REJECTED)
    send(store, comment("c-1", "The second."), ACCEPTED)
    send(store, comment("c-1", "The third."), ABSTAINED)

    record = store.history(SITE, "c-1")

    assert record is not None
    assert [decision.verdict for decision in record.decisions] == [
        REJECTED,
        ACCEPTED,
        ABSTAINED,
    ]
    assert record.revision == 3
    assert record.texts == {1: "The first.", 3: "The third."}
    assert record.text == "The third."
    assert (record.author, record.article) == (sent.author, sent.article)
    assert (record.parent_id, record.language) == (sent.parent_id, sent.language)
    assert record.received_at == NOON


def test_a_comment_may_come_with_nothing_but_its_text(store: Store) -> None:
    send(store, Comment("Alone.", "c-1"))

    record = store.history(SITE, "c-1")

    assert record is not None
    assert (record.author, record.article, record.parent_id) == (None, None, None)


def test_two_sites_may_use_the_same_ids(store: Store, database: Database) -> None:
    other = Sites(database).create("other", by="test", now=NOON)
    send(store, comment("c-1"), ACCEPTED)

    theirs = send(store, comment("c-1"), REJECTED, site=other.id)

    assert theirs.decision.verdict == REJECTED
    assert rows(database)[0] == 2


def test_a_comment_without_an_id_is_never_recorded(
    store: Store, database: Database
) -> None:
    with pytest.raises(ValueError, match="without an id"):
        send(store, comment(None))

    assert rows(database) == (0, 0, 0)


def test_a_batch_is_answered_in_its_order(store: Store, database: Database) -> None:
    known = send(store, comment("m", "known"), REJECTED)
    send(store, comment("f", "before"), ACCEPTED)
    batch = [
        submission(store, comment("z"), ABSTAINED),
        submission(store, comment("m", "known"), ACCEPTED),
        submission(store, comment("a"), ACCEPTED),
        submission(store, comment("f", "after"), REJECTED),
    ]

    answers = store.record_many(SITE, batch, NOON)

    assert [answer.decision.verdict for answer in answers] == [
        ABSTAINED,
        REJECTED,
        ACCEPTED,
        REJECTED,
    ]
    assert answers[1] == known
    assert [answer.decision.revision for answer in answers] == [1, 1, 1, 2]
    assert rows(database) == (4, 5, 3)
    for sent, answer in zip(batch, answers, strict=True):
        assert store.latest(SITE, str(sent.comment.id)) == answer


def test_an_id_that_comes_twice_in_a_batch_is_taken_in_turn(store: Store) -> None:
    batch = [submission(store, comment("c-1", t)) for t in ("one", "two", "two")]

    answers = store.record_many(SITE, batch, NOON)

    assert [answer.decision.revision for answer in answers] == [1, 2, 2]
    assert store.latest(SITE, "c-1") == answers[2]


def test_a_batch_is_stored_as_a_whole_or_not_at_all(
    store: Store, database: Database
) -> None:
    batch = [submission(store, comment(id)) for id in ("c-1", "c-2", None)]

    with pytest.raises(ValueError, match="without an id"):
        store.record_many(SITE, batch, NOON)

    assert rows(database) == (0, 0, 0)


def test_an_empty_batch_has_no_answers(store: Store) -> None:
    assert store.record_many(SITE, [], NOON) == []


def test_five_hundred_comments_fit_in_a_batch(store: Store, database: Database) -> None:
    batch = [submission(store, comment(f"c-{i}"), REJECTED) for i in range(500)]

    answers = store.record_many(SITE, batch, NOON)

    assert len(answers) == 500
    assert rows(database) == (500, 500, 500)


def test_threads_of_one_process_take_turns(store: Store, database: Database) -> None:
    def write(thread: int) -> None:
        for i in range(25):
            send(store, comment(f"c-{thread}-{i}"), REJECTED)

    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(write, range(8)))

    assert rows(database) == (200, 200, 200)


def test_a_hash_belongs_to_its_text_and_its_installation(store: Store) -> None:
    other_text = store.text_hash("A fair point!")

    text_hash = store.text_hash("A fair point.")

    assert len(text_hash) == 32
    assert text_hash == store.text_hash("A fair point.")
    assert text_hash != other_text


def test_a_site_starts_with_the_models_own_thresholds(store: Store) -> None:
    site = store.site_of_key(key_hash(KEY))

    assert site is not None
    assert site.policy == "default@1"
    assert site.thresholds == {}
    assert site.flagged_until_decided is Outcome.ACCEPT


def test_every_change_of_a_policy_is_a_new_version(
    store: Store, database: Database
) -> None:
    sites = Sites(database)
    off = Thresholds(0.0, None)

    sites.set_thresholds("default", Rule.OBSCENE, off, by="ann", now=NOON)
    sites.set_flagged("default", Outcome.REJECT, by="bob", now=NOON + timedelta(days=1))
    sites.set_thresholds(
        "default", Rule.PERSONAL, Thresholds(0.5, 0.75), by="ann", now=NOON
    )

    site = store.site_of_key(key_hash(KEY))
    assert site is not None
    assert site.policy == "default@4"
    assert site.thresholds == {
        Rule.OBSCENE: off,
        Rule.PERSONAL: Thresholds(0.5, 0.75),
    }
    assert site.flagged_until_decided is Outcome.REJECT
    with database.reading() as connection:
        log = connection.execute(select(policies).order_by(policies.c.version)).all()
    assert [row.created_by for row in log] == ["init", "ann", "bob", "ann"]
    assert log[2].created_at == NOON + timedelta(days=1)


def test_two_sites_cannot_share_a_name(database: Database) -> None:
    with pytest.raises(InvalidInput, match="There is a site named 'default' already"):
        Sites(database).create("default", by="test", now=NOON)

    assert [site.name for site in Sites(database).all()] == ["default"]


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 65])
def test_a_name_has_to_fit_in_a_line(database: Database, name: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 64 printable"):
        Sites(database).create(name, by="test", now=NOON)


def test_the_policy_of_an_unknown_site_cannot_change(database: Database) -> None:
    with pytest.raises(InvalidInput, match="no site named 'nowhere'"):
        Sites(database).set_flagged("nowhere", Outcome.REJECT, by="test", now=NOON)


def test_what_is_read_together_is_of_one_moment(
    database: Database, store: Store
) -> None:
    count = select(func.count()).select_from(comments)
    with database.reading_together() as connection:
        before = connection.scalar(count)
        send(store, comment("c-late"))
        again = connection.scalar(count)
    with database.reading() as connection:
        after = connection.scalar(count)

    assert (before, again, after) == (0, 0, 1)
