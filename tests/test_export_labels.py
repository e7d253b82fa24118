"""People's decisions leave the database as labels: theirs alone, and nobody's name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from model.labelled import read_labelled
from model.labels import read_labels
from service.alike import alike
from service.domain import Article, Author, Kind, Outcome
from service.store.accounts import Role
from service.store.labels import AT_ONCE, sample_weight
from service.store.records import Submission
from service.store.sites import Sites
from tests.fixtures_store import NOON
from tests.reviewing import (
    ACCEPT,
    FLAGGED,
    HELD,
    REJECT,
    World,
    approve,
    case_of,
    reject,
    said_by,
)
from tests.samples import ABSTAINED, ACCEPTED, REJECTED, comment
from tests.test_cli import ROOT
from tests.test_rule_commands import Operator

Rows = list[dict[str, Any]]


class Exporter:
    """Somebody who types `export-labels`."""

    def __init__(self, operator: Operator, read: pytest.CaptureFixture[str]) -> None:
        self._operator = operator
        self._read = read
        self.said = ""

    def __call__(self, options: str = "") -> Rows:
        """The rows on standard output; `said` is what was on the other one."""
        self._read.readouterr()
        shown = self._operator.types(f"export-labels {options}")
        assert (shown.exit_code, shown.stdout) == (0, "")
        self.said = shown.stderr
        return [json.loads(line) for line in self._read.readouterr().out.splitlines()]


@pytest.fixture
def export(
    world: World, database_url: str, capfd: pytest.CaptureFixture[str]
) -> Exporter:
    """At the database of that world.  Rows go past Python's own standard output."""
    return Exporter(Operator(database_url, world.store), capfd)


def decide_by_site(world: World, id: str, outcome: Outcome) -> None:
    world.review.decide_by_site(world.site, id, outcome, rule=None, note=None, by=None)


def ids(rows: Rows) -> list[str]:
    return [row["id"] for row in rows]


# What is a label


def test_a_decision_is_a_row_with_all_that_training_needs(
    world: World, export: Exporter
) -> None:
    world.send("c-1", text="You fool — “dürres” 😀\u2028Laub.", author=None)
    reject(world, "c-1")

    (row,) = export()

    article = row.pop("article")
    assert len(bytes.fromhex(article)) == 16
    assert row == {
        "schema": 1,
        "id": "c-1",
        "site": "default",
        "text": "You fool — “dürres” 😀\u2028Laub.",
        "rejected": True,
        "rule": "personal",
        "kind": "flagged",
        "weight": 1.0,
        "model": FLAGGED.model,
        "author": None,
        "decided_at": NOON.isoformat(),
    }
    assert row["decided_at"].endswith("+00:00")
    assert export.said == "1 labels: 0 accepted, 1 rejected.\n"


def test_what_no_person_decided_is_no_label(world: World, export: Exporter) -> None:
    for id, verdict in [("c-1", ACCEPTED), ("c-2", FLAGGED), ("c-3", REJECTED)]:
        world.send(id, verdict)
    world.review.escalate(world.site, "c-2", note=None, seen=1, by="anna")

    assert export() == []
    assert export.said == "0 labels: 0 accepted, 0 rejected.\n"


def test_what_was_undone_was_never_decided(world: World, export: Exporter) -> None:
    world.send("c-1")
    world.send("c-2")
    reject(world, "c-1")
    reject(world, "c-2")
    world.review.undo(world.site, "c-1", number=2, by="anna")
    world.review.undo(world.site, "c-2", number=2, by="anna")
    approve(world, "c-2", seen=3, by="bela")

    (row,) = export()

    assert (row["id"], row["rejected"], row["rule"]) == ("c-2", False, None)


def test_what_two_people_differ_on_is_no_label_until_an_editor_settles_it(
    world: World, export: Exporter
) -> None:
    always = world.with_share(1.0)
    for id in ("c-1", "c-2"):
        world.send(id)
        reject(world, id, review=always)
    world.clock.sleep(60)
    approve(world, "c-1", seen=2, by="bela")
    reject(world, "c-2", seen=2, by="bela")

    unsettled = export()
    reject(world, "c-1", seen=4, by="editor", role=Role.EDITOR)
    settled = export()

    assert [log.kind for log in case_of(world, "c-1").decisions][2:4] == [
        Kind.SECOND,
        Kind.ESCALATION,
    ]
    assert ids(unsettled) == ["c-2"]
    assert ids(settled) == ["c-1", "c-2"]


def test_a_second_opinion_that_was_undone_leaves_the_first(
    world: World, export: Exporter
) -> None:
    world.send("c-1")
    reject(world, "c-1", review=world.with_share(1.0))
    approve(world, "c-1", seen=2, by="bela")
    world.review.undo(world.site, "c-1", number=4, by="bela")

    (row,) = export()

    assert row["rejected"]


def test_comments_that_were_decided_as_one_are_one_label(
    world: World, export: Exporter
) -> None:
    for id in ("c-1", "c-2", "c-3"):
        world.send(id, text="Buy my pills!")
    reject(world, "c-2", alike=True)

    assert ids(export()) == ["c-2"]


def test_the_last_decision_on_a_comment_is_its_label(
    world: World, export: Exporter
) -> None:
    world.send("c-1")
    reject(world, "c-1")
    world.review.appeal(world.site, "c-1", decision=None, words="A joke.")
    approve(world, "c-1", seen=2, by="bela")

    (row,) = export()

    assert (row["rejected"], row["kind"]) == (False, "flagged")


def test_each_text_of_a_comment_is_a_label_of_its_own(
    world: World, export: Exporter
) -> None:
    world.send("c-1", text="You old fool.")
    reject(world, "c-1")
    world.send("c-1", text="You young fool.")
    approve(world, "c-1", seen=3)
    world.send("c-1", text="You fool of no age.")

    rows = export()

    assert [(row["text"], row["rejected"]) for row in rows] == [
        ("You old fool.", True),
        ("You young fool.", False),
    ]


def test_a_comment_whose_text_is_not_kept_is_absent(
    world: World, export: Exporter
) -> None:
    world.send("c-1", ACCEPTED)
    world.send("c-2")
    for id in ("c-1", "c-2"):
        decide_by_site(world, id, REJECT)

    assert ids(export()) == ["c-2"]


# How it came before people


def flagged(world: World, id: str) -> None:
    world.send(id)
    reject(world, id)


def reported(world: World, id: str) -> None:
    sent = world.send(id, ACCEPTED)
    world.review.report(world.site, id, reporter="r", words=None, comment=sent)
    reject(world, id)


def appealed(world: World, id: str) -> None:
    world.send(id, HELD)
    world.review.appeal(world.site, id, decision=None, words="No!")
    approve(world, id)


def send_sample(world: World, id: str) -> None:
    """Have an accepted comment moderated that is drawn as a sample."""
    text = said_by(id)
    world.store.record(
        world.site.id,
        comment(id, text),
        world.store.text_hash(text),
        ACCEPTED,
        world.clock(),
        alike=alike(text),
    )


def sampled(world: World, id: str) -> None:
    send_sample(world, id)
    reject(world, id)


def sampled_and_escalated(world: World, id: str) -> None:
    send_sample(world, id)
    leave_to_an_editor(world, id)


def sampled_and_decided_by_the_site(world: World, id: str) -> None:
    send_sample(world, id)
    decide_by_site(world, id, REJECT)


def sampled_and_decided_by_the_site_and_appealed(world: World, id: str) -> None:
    sampled_and_decided_by_the_site(world, id)
    world.review.appeal(world.site, id, decision=None, words="No!")
    approve(world, id, seen=2)


def sampled_and_escalated_and_decided_by_the_site(world: World, id: str) -> None:
    send_sample(world, id)
    world.review.escalate(world.site, id, note=None, seen=1, by="anna")
    decide_by_site(world, id, REJECT)


def sampled_and_reported(world: World, id: str) -> None:
    send_sample(world, id)
    world.review.report(world.site, id, reporter="r", words=None)
    reject(world, id)


def escalated(world: World, id: str) -> None:
    world.send(id, REJECTED)
    leave_to_an_editor(world, id)


def leave_to_an_editor(world: World, id: str) -> None:
    world.review.escalate(world.site, id, note=None, seen=1, by="anna")
    reject(world, id, seen=2, by="editor", role=Role.EDITOR)


def unasked(world: World, id: str) -> None:
    world.send(id, REJECTED)
    approve(world, id)


@pytest.mark.parametrize(
    ("happens", "kind", "weight"),
    [
        (flagged, "flagged", 1.0),
        (reported, "reported", 1.0),
        (appealed, "appealed", 1.0),
        (sampled, "sample", 10.0),
        # What the first person found it waiting for, though another one decided.
        (sampled_and_escalated, "sample", 10.0),
        # What others pointed out was not chosen by chance, and stands for itself.
        (sampled_and_decided_by_the_site, "unasked", 1.0),
        (sampled_and_decided_by_the_site_and_appealed, "unasked", 1.0),
        (sampled_and_escalated_and_decided_by_the_site, "escalated", 1.0),
        (sampled_and_reported, "reported", 1.0),
        (escalated, "escalated", 1.0),
        (unasked, "unasked", 1.0),
    ],
)
def test_a_label_says_how_the_comment_came_before_people(
    world: World,
    export: Exporter,
    happens: Callable[[World, str], None],
    kind: str,
    weight: float,
) -> None:
    happens(world, "c-1")

    (row,) = export()

    assert (row["kind"], row["weight"]) == (kind, weight)


@pytest.mark.parametrize(
    ("share", "weight"), [(1.0, 1.0), (0.25, 4.0), (0.1, 10.0), (0.01, 10.0), (0, 10.0)]
)
def test_a_sample_stands_for_accepted_comments_up_to_ten(
    share: float, weight: float
) -> None:
    assert sample_weight(share) == weight


def test_a_rejection_without_a_rule_has_that_of_the_strongest_reason(
    world: World, export: Exporter
) -> None:
    for id, verdict in [("c-1", REJECTED), ("c-2", FLAGGED), ("c-3", ABSTAINED)]:
        world.send(id, verdict)
        decide_by_site(world, id, REJECT)
    world.send("c-4", REJECTED)
    decide_by_site(world, "c-4", ACCEPT)

    rules = [row["rule"] for row in export()]

    assert rules == ["obscene", "personal", None, None]


def test_a_label_names_the_model_whose_verdict_the_person_saw(
    world: World, export: Exporter
) -> None:
    world.send("c-1", replace(FLAGGED, model="2026-01-01-aaaaaa"))
    reject(world, "c-1")
    world.send("c-1", replace(FLAGGED, model="2026-02-02-bbbbbb"), text="Fools, all.")
    reject(world, "c-1", seen=3)

    models = [row["model"] for row in export()]

    assert models == ["2026-01-01-aaaaaa", "2026-02-02-bbbbbb"]


# Whose it is


def test_nobody_is_named_but_one_author_is_told_from_another(
    world: World, export: Exporter
) -> None:
    for id, author in [("c-1", "u-anton"), ("c-2", "u-anton"), ("c-3", "u-berta")]:
        world.send(id, author=Author(author, "A. Name"), article=Article("u-anton"))
        reject(world, id)

    rows = export()

    assert "anton" not in json.dumps(rows)
    assert "Name" not in json.dumps(rows)
    first, second, third = (row["author"] for row in rows)
    assert first == second != third
    assert rows[0]["article"] not in (first, None)


def test_the_same_author_id_on_another_site_is_somebody_else(
    world: World, export: Exporter
) -> None:
    sports = Sites(world.database).create("sports", by="cli", now=NOON)
    for here in (world, replace(world, site=sports)):
        here.send("c-1")
        reject(here, "c-1")

    first, second = export()

    assert (first["site"], second["site"]) == ("default", "sports")
    assert first["author"] != second["author"]
    assert first["article"] != second["article"]


# Contradictions


def test_of_near_identical_comments_the_last_decision_holds(
    world: World, export: Exporter
) -> None:
    decided = [
        ("c-3", "Moon!", REJECT),
        ("c-1", "moon", ACCEPT),
        ("c-2", "MOON", ACCEPT),
    ]
    for id in ("c-1", "c-2", "c-3", "c-4"):
        world.send(id, text="Moon." if id != "c-4" else "Sun.")
    reject(world, "c-4")
    for id, _, outcome in decided:
        world.clock.sleep(60)
        (reject if outcome is REJECT else approve)(world, id)

    rows = export()

    assert ids(rows) == ["c-1", "c-2", "c-4"]
    assert export.said.splitlines() == [
        'near-identical on default: "c-3" rejected, "c-1" accepted, "c-2" accepted; '
        "the last one holds",
        "3 labels: 2 accepted, 1 rejected; 1 left out that contradict later ones.",
    ]
    assert "moon" not in export.said.lower()


def test_a_former_text_contradicts_as_well(world: World, export: Exporter) -> None:
    world.send("c-1", text="The moon is cheese.")
    reject(world, "c-1")
    world.send("c-1", text="Something else entirely.")
    world.clock.sleep(60)
    world.send("c-2", text="The moon: is cheese?")
    approve(world, "c-2")

    rows = export()

    assert ids(rows) == ["c-2"]
    assert '"c-1" rejected, "c-2" accepted' in export.said


def test_an_id_cannot_write_to_the_terminal(world: World, export: Exporter) -> None:
    for id in ("c-\x1b[31m", "c-\u202e"):
        world.send(id, text="Same.")
    reject(world, "c-\x1b[31m")
    world.clock.sleep(60)
    approve(world, "c-\u202e")

    export()

    assert r'"c-\u001b[31m" rejected, "c-\u202e" accepted' in export.said


def test_sites_do_not_contradict_each_other(world: World, export: Exporter) -> None:
    sports = Sites(world.database).create("sports", by="cli", now=NOON)
    for here, decide in [(world, reject), (replace(world, site=sports), approve)]:
        here.send("c-1", text="Out!")
        decide(here, "c-1")

    assert len(export()) == 2
    assert export.said == "2 labels: 1 accepted, 1 rejected.\n"


# Choosing


def test_labels_of_one_site_or_since_a_time(world: World, export: Exporter) -> None:
    sports = Sites(world.database).create("sports", by="cli", now=NOON)
    for here, id in [(world, "c-1"), (replace(world, site=sports), "s-1")]:
        here.send(id)
        reject(here, id)
    world.send("c-2")
    world.clock.now += timedelta(days=3)
    reject(world, "c-2")

    assert ids(export("--site sports")) == ["s-1"]
    assert ids(export("--since 2026-03-02")) == ["c-2"]
    assert ids(export("--since 2026-03-02 --site sports")) == []
    assert ids(export("--since 2026-03-01T12:00")) == ["c-1", "s-1", "c-2"]


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        ("--since yesterday", 2, "'yesterday' does not match the formats"),
        ("--since 2026-02-30", 2, "'2026-02-30' does not match the formats"),
        ("--site nowhere", 1, "Error: There is no site named 'nowhere'.\n"),
    ],
)
def test_what_cannot_be_exported_is_said_and_nothing_is_written(
    world: World,
    database_url: str,
    capfd: pytest.CaptureFixture[str],
    options: str,
    status: int,
    sentence: str,
) -> None:
    shown = Operator(database_url, world.store).types(f"export-labels {options}")

    assert shown.exit_code == status
    assert sentence in shown.stderr
    assert capfd.readouterr().out == ""


# The file


def test_many_labels_come_in_the_order_of_their_comments(
    world: World, export: Exporter
) -> None:
    names = [f"c-{n}" for n in range(AT_ONCE + 5)]
    for names_of_batch in (names[:500], names[500:1000], names[1000:]):
        world.store.record_many(
            world.site.id,
            [
                Submission(
                    comment(name, said_by(name)),
                    world.store.text_hash(said_by(name)),
                    FLAGGED,
                    alike(said_by(name)),
                )
                for name in names_of_batch
            ],
            NOON,
        )
        world.review.decide_many(
            world.site,
            [(name, 1) for name in names_of_batch],
            ACCEPT,
            rule=None,
            note=None,
            by="anna",
            role=Role.MODERATOR,
        )

    rows, again = export(), export()

    assert sorted(ids(rows)) == sorted(names)
    assert rows == again


def test_the_file_is_one_that_training_and_measuring_read(
    world: World, export: Exporter, tmp_path: Path
) -> None:
    for happens in (flagged, reported, appealed, sampled, escalated, unasked):
        happens(world, happens.__name__.translate(str.maketrans("_", "-")))
    file = tmp_path / "labels.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in export()))

    labels, comments = read_labels([file]), read_labelled(file)

    assert len(labels) == len(comments) == 6
    assert {label.kind for label in labels} == {
        "flagged",
        "reported",
        "appealed",
        "sample",
        "escalated",
        "unasked",
    }


def test_a_full_disk_is_told_in_a_sentence(world: World, database_url: str) -> None:
    world.send("c-1")
    reject(world, "c-1")

    with Path("/dev/full").open("wb") as full:
        shown = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "service.cli", "export-labels"],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": database_url},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )

    assert shown.returncode == 1
    assert shown.stderr == (
        "Error: The labels cannot be written: No space left on device.\n"
    )
