"""What was kept long enough goes, each sort in its time; what waits stays."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from service.domain import Author, Kind
from service.reports import REPORT, remove_old
from service.sealing import seal_all
from service.store.deliveries import Deliveries
from service.store.endpoints import Endpoints
from service.store.outbox import Outbox
from service.store.retention import Purged, Retention, Sort
from service.store.schema import (
    appeals,
    comments,
    deliveries,
    differences,
    events,
    looks,
    reports,
    shadows,
    texts,
)
from service.store.seals import Seals
from service.store.shadows import Difference, Shadows
from tests.fixtures_store import NOON
from tests.reviewing import World, approve, case_of, log, queue, reject
from tests.samples import ACCEPTED, REJECTED
from tests.test_erasing import noticed

FOR_EVER = dict.fromkeys(Sort, 0)


def purge(world: World, **days: int) -> Purged:
    """Purge with these days and no limit for the rest."""
    limits: Mapping[Sort, int] = FOR_EVER | {Sort(name): n for name, n in days.items()}
    retention = Retention(world.database, world.store.key_for, limits, sleep=rest)
    return retention.purge(world.clock())


def rest(seconds: float) -> None:
    assert seconds >= 0


def count(world: World, table: object) -> int:
    with world.database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0  # type: ignore[arg-type]


def kept(world: World) -> list[str]:
    """The comments whose texts are there."""
    wanted = select(comments.c.id).join(texts, texts.c.comment_key == comments.c.key)
    with world.database.reading() as connection:
        return sorted(connection.scalars(wanted))


@pytest.fixture
def old(world: World) -> World:
    """A site with a text of each sort, ten days and an hour old."""
    world.send("rejected", REJECTED)
    world.send("flagged")
    world.send("sample", ACCEPTED, is_sample=True)
    world.send("label")
    reject(world, "label")
    world.clock.now += timedelta(days=10, hours=1)
    return world


@pytest.mark.parametrize(
    ("sort", "gone"),
    [("rejected", ["rejected"]), ("samples", ["sample"]), ("labels", ["label"])],
)
def test_each_sort_of_text_goes_in_its_own_time(
    old: World, sort: str, gone: list[str]
) -> None:
    assert purge(old, **{sort: 11}).texts == {}

    purged = purge(old, **{sort: 10})

    assert purged.texts == {Sort(sort): 1}
    everything = {"rejected", "flagged", "sample", "label"}
    assert kept(old) == sorted(everything - set(gone))
    assert purge(old, **{sort: 10}).texts == {}


def test_what_waits_for_a_person_stays_and_samples_wait_for_nobody(old: World) -> None:
    old.review.appeal(old.site, "label", decision=None, words="No.")
    old.send("reported", ACCEPTED, "Fair enough.", is_sample=True)
    old.review.report(old.site, "reported", reporter="r-1", words="Oh.")
    old.clock.now += timedelta(days=365)

    purge(old, rejected=1, samples=1, labels=1)

    assert kept(old) == ["flagged", "label", "reported"]
    assert queue(old) == ["flagged", "label", "reported"]


def test_a_limit_of_nought_is_for_ever(old: World) -> None:
    old.clock.now += timedelta(days=36_500)

    assert purge(old) == Purged({}, 0, 0, 0)
    assert len(kept(old)) == 4


def test_a_text_takes_along_what_readers_said_of_it(old: World) -> None:
    old.review.report(old.site, "label", reporter="r-1", words="He means me!")
    old.review.appeal(old.site, "label", decision=None, words="I do not.")
    reject(old, "label", seen=2, by="bela")
    old.clock.now += timedelta(days=11)

    purge(old, labels=10)

    case = case_of(old, "label")
    assert (case.card.text, case.texts) == (None, {})
    assert [(r.reporter, r.words) for r in case.reports] == [(None, None)]
    assert [a.words for a in case.appeals] == [""]
    assert [kind for kind, _, _ in log(old, "label")] == [
        Kind.AUTOMATIC,
        Kind.REVIEW,
        Kind.APPEAL,
    ]


def test_of_an_edited_comment_the_old_text_goes_first(old: World) -> None:
    old.send("rejected", REJECTED, "You fool, and I mean it.")

    purge(old, rejected=5)

    case = case_of(old, "rejected")
    assert case.texts == {2: "You fool, and I mean it."}
    assert case.card.text is not None


def test_of_an_old_comment_nothing_is_left_but_the_chain(old: World) -> None:
    for number in range(130):
        old.send(f"plain-{number}", ACCEPTED, author=Author(f"u-{number}", "Quux"))
    seal_all(old.database)
    old.clock.now += timedelta(days=40)
    old.send("young", ACCEPTED)

    purged = purge(old, comments=30)

    assert purged.comments == 133
    assert old.store.history(old.site.id, "plain-7") is None
    for stays in ("young", "flagged"):
        assert old.store.history(old.site.id, stays) is not None
    seal_all(old.database)
    proof = Seals(old.database).prove()
    assert (proof.fault, proof.head.number) == (None, 136 + 133)
    with old.database.reading() as connection:
        named = select(func.count(comments.c.author_id))
        assert connection.scalar(named) == 2


def test_what_was_decided_meanwhile_is_not_purged(
    old: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decide(self: Retention, *args: object) -> bool:
        approve(old, "rejected")
        monkeypatch.undo()
        return Retention._is_old(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Retention, "_is_old", decide)

    assert purge(old, rejected=10).texts == {}
    assert "rejected" in kept(old)


def test_events_go_once_they_are_told_and_later_ones_keep_their_order(
    old: World,
) -> None:
    Endpoints(old.database).add("default", "https://example.org/h", "s", old.clock())
    for number in range(3):
        old.send(f"c-{number}")
        reject(old, f"c-{number}")
    old.clock.sleep(60)
    sending = Deliveries(old.database)
    sending.spread(old.clock())
    for one in sending.claim(1, 2, old.clock(), old.clock() + timedelta(minutes=1)):
        sending.delivered(one, old.clock())
    last = Outbox(old.database).events_after(old.site.id, 0, 10, old.clock())[-1].key
    old.clock.now += timedelta(days=31)

    assert purge(old, events=40).events == 1
    assert purge(old, events=30).events == 2

    assert (count(old, events), count(old, deliveries)) == (1, 1)
    old.send("c-9")
    reject(old, "c-9")
    old.clock.sleep(60)
    told = Outbox(old.database).events_after(old.site.id, last, 10, old.clock())
    assert [event.comment_id for event in told] == ["c-9"]
    assert sending.spread(old.clock()) == 1


def test_what_former_shadows_noticed_goes(old: World) -> None:
    noticed(old, "flagged")
    present = Difference(
        old.site.id, "flagged", 1, "flag", "accept", None, None, old.clock()
    )
    with old.database.writing() as connection:
        row = {"key": 2, "begun_at": old.clock(), "begun_by": "cli"}
        connection.execute(shadows.insert(), row)
    Shadows(old.database).note(2, [present], judged=1, skipped=0)
    old.clock.now += timedelta(days=31)

    assert purge(old, learning=30).differences == 1
    assert count(old, differences) == 1


def test_looks_that_are_over_leave_no_name(old: World) -> None:
    old.desk.look(old.site.id, "flagged", by="anna", now=old.clock())
    old.clock.now += timedelta(hours=1)

    purge(old)

    assert count(old, looks) == 0
    assert (count(old, reports), count(old, appeals)) == (0, 0)


def test_old_reports_and_unused_candidates_go(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("old", "used", "young", ".draft-x")}
    for name, folder in folders.items():
        folder.mkdir()
        (folder / REPORT).write_text("quotes")
        (folder / "card.json").write_text(f'{{"version": "{name}"}}')
        if name != "young":
            then = (NOON - timedelta(days=91)).timestamp()
            for path in (*folder.iterdir(), folder):
                os.utime(path, (then, then))

    removed = remove_old(tmp_path, NOON - timedelta(days=90), {"used"})

    assert removed == (3, ["old"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["used", "young"]
    assert not (folders["used"] / REPORT).exists()
    assert (folders["young"] / REPORT).exists()
    assert remove_old(tmp_path / "none", NOON, ()) == (0, [])
