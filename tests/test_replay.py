"""What another model or policy would do is tried on what people decided, and told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import select

from model.finding import Rule
from model.judge import load_judge
from model.labels import Label
from model.lexicon.entries import Forms, Strength
from model.verdicts import Fate
from service.commands import common as command
from service.domain import Outcome, Thresholds, Word
from service.judging.replay import Replayed, figures
from service.settings import load_settings
from service.store.models import Models
from service.store.pace import LEAST, seconds_a_decision
from service.store.schema import metadata
from service.store.sites import Sites
from tests.fixtures_store import NOON
from tests.reviewing import ACCEPT, REJECT, World, approve, reject
from tests.samples import ACCEPTED
from tests.test_export_labels import (
    sampled_and_decided_by_the_site,
    sampled_and_reported,
    send_sample,
)
from tests.test_rule_commands import Operator
from tests.versions import altered

OBSCENE = "What the fuck is wrong with you?"
OBSCENE_TOO = "This is fucking brilliant, every word of it."
FAIR = "The council meets on Tuesday to discuss the bridge."
FAIR_TOO = "Rivers rise in spring when the snow melts."
MADE_UP = "That frobnicator wrote the budget."


class Bench(Operator):
    """Somebody who types `replay`, in front of one database and one data folder."""

    def __init__(self, database_url: str, world: World, folder: Path) -> None:
        super().__init__(database_url, world.store)
        settings = load_settings(
            {"DATABASE_URL": database_url, "REFRAIN_DATA_DIR": str(folder)}
        )
        parts = command.Parts(settings, world.store)
        self.app.extensions[command.PARTS] = parts

    def replay(self, options: str = "") -> str:
        """What is said, on lines that fit a terminal."""
        shown = self.types(f"replay {options}")
        assert (shown.exit_code, shown.stderr) == (0, "")
        assert max(map(len, shown.stdout.splitlines())) <= 80
        return shown.stdout

    def rows(self, options: str = "") -> dict[str, tuple[str, str]]:
        """The counts of the table, now and then, by what is counted."""
        lines = self.replay(options).splitlines()
        table = lines[lines.index("") :]
        cells = {line[:18].strip(): line[40:].split() for line in table if line[40:]}
        return {
            name: (cells[name][0], cells[name][2])
            for name in ("missed", "wrongly rejected", "wrongly held", "in the queue")
        }


@pytest.fixture
def bench(world: World, database_url: str, tmp_path: Path) -> Bench:
    return Bench(database_url, world, tmp_path)


@pytest.fixture
def decided(world: World) -> World:
    """Four comments, of which the model that ships is wrong about two."""
    for id, text, outcome in [
        ("c-1", OBSCENE, REJECT),
        ("c-2", FAIR, REJECT),
        ("c-3", FAIR_TOO, ACCEPT),
        ("c-4", OBSCENE_TOO, ACCEPT),
    ]:
        world.send(id, text=text)
        world.clock.sleep(60)
        (reject if outcome is REJECT else approve)(world, id)
    return world


OFF = " ".join(f"--threshold {rule} off off" for rule in Rule)
ALL = " ".join(f"--threshold {rule} 0 off" for rule in Rule)


# What is tried


def test_a_table_says_what_is_missed_and_what_is_wrongly_stopped(
    decided: World, bench: Bench
) -> None:
    shown = bench.replay()

    assert shown.startswith(
        "The last 4 comments that people decided and whose texts are kept, from\n"
        "2026-03-01 to 2026-03-01: 4 flagged.\n\n"
        f"now   {load_judge().model_version}, default@1\n"
        f"then  {load_judge().model_version}, default@1\n"
    )
    assert "None of these comments would be judged otherwise." in shown
    table = {line.split("  ")[0]: line for line in shown.splitlines()}
    cells = f"{1:>11}{'50.0%':>8}" * 2
    assert table["missed"] == f"{'missed':<18}{'of 2 rejected':<22}{cells}"
    assert "of 2 accepted" in table["wrongly rejected"]
    assert "of 4 all" in table["in the queue"]


def test_thresholds_are_tried_in_place_of_the_policys(
    decided: World, bench: Bench
) -> None:
    rows = bench.rows(OFF)
    shown = bench.replay(OFF)

    assert rows["missed"] == ("1", "2")
    assert rows["wrongly rejected"] == ("1", "0")
    tried = ", ".join(f"{rule} off off" for rule in Rule)
    assert f"default@1, {tried} " in " ".join(shown.split())
    assert "2 of these comments would be judged otherwise: 2 reject to accept." in shown


def test_a_stricter_model_in_the_data_folder_is_tried(
    decided: World, bench: Bench, tmp_path: Path
) -> None:
    folder = altered(tmp_path / "models", "2026-12-01-aaaaaa", add=20.0)

    by_name, by_path = (
        bench.rows("--model 2026-12-01-aaaaaa"),
        bench.rows(f"--model {folder}"),
    )

    assert by_name == by_path
    assert by_name["missed"] == ("1", "0")
    assert by_name["wrongly rejected"] == ("1", "2")


def test_what_is_active_is_what_holds_now(
    decided: World, bench: Bench, tmp_path: Path
) -> None:
    base = altered(tmp_path / "elsewhere", "2026-12-01-aaaaaa")
    strict = altered(tmp_path / "elsewhere", "2026-12-02-bbbbbb", add=20.0)
    Models(decided.database).promote(strict, base=base, by="anna", now=NOON)

    shown = bench.replay("--model 2026-12-01-aaaaaa")
    rows = bench.rows("--model 2026-12-01-aaaaaa")

    assert "now   2026-12-02-bbbbbb, default@1\n" in shown
    assert "then  2026-12-01-aaaaaa, default@1\n" in shown
    assert rows["missed"] == ("0", "1")


def test_an_old_policy_is_tried_with_the_words_it_had(
    world: World, bench: Bench
) -> None:
    word = Word("frobnicator", Rule.PERSONAL, Strength.REJECT, Forms.STEM)
    sites = Sites(world.database)
    sites.change(sites.find("default"), words=[word], by="anna", now=NOON)
    world.send("c-1", text=MADE_UP)
    reject(world, "c-1")

    rows = bench.rows("--policy default@1")

    assert rows["missed"] == ("0", "1")
    assert bench.rows("--policy default@2")["missed"] == ("0", "0")


def test_every_site_is_judged_by_its_own_policy(world: World, bench: Bench) -> None:
    sites = Sites(world.database)
    sites.create("sports", by="cli", now=NOON)
    for rule in Rule:
        sites.set_thresholds("sports", rule, Thresholds(None, None), by="cli", now=NOON)
    for site in sites.all():
        there = World(world.database, world.store, site, world.clock, world.review)
        there.send("c-1", text=OBSCENE)
        reject(there, "c-1")

    assert bench.rows()["missed"] == ("1", "1")
    assert bench.rows("--site sports")["missed"] == ("1", "1")
    assert bench.rows("--site default")["missed"] == ("0", "0")
    assert "the policies of 2 sites" in bench.replay()


def test_only_the_last_decided_comments_are_judged(
    decided: World, bench: Bench
) -> None:
    rows = bench.rows("--last 2")

    assert rows["missed"] == ("0", "0")
    assert rows["wrongly rejected"] == ("1", "1")


def test_nothing_is_ever_stored(decided: World, bench: Bench, tmp_path: Path) -> None:
    def all_rows() -> list[Any]:
        with decided.database.reading() as connection:
            tables = metadata.sorted_tables
            return [connection.execute(select(table)).all() for table in tables]

    altered(tmp_path / "models", "2026-12-01-aaaaaa", add=20.0)
    before = all_rows()

    bench.replay(f"--model 2026-12-01-aaaaaa {OFF}")

    assert all_rows() == before
    assert [path.name for path in tmp_path.glob("*/*")] == ["2026-12-01-aaaaaa"]


# What is known


def test_what_cannot_be_known_is_said(decided: World, bench: Bench) -> None:
    shown = " ".join(bench.replay().split())

    assert "No sample is among them." in shown
    assert "rejected and that nobody looked at nothing is known" in shown
    assert "15 s (assumed; give --seconds if you know better)" in shown


def test_a_sample_stands_for_those_that_nobody_looked_at(
    decided: World, bench: Bench
) -> None:
    send_sample(decided, "c-5")
    approve(decided, "c-5")

    shown = " ".join(bench.replay().split())

    assert "of 102 accepted" in shown
    assert "1 are samples. Each counts for 100 comments" in shown


def test_a_sample_that_others_pointed_out_stands_for_itself(
    decided: World, bench: Bench
) -> None:
    sampled_and_decided_by_the_site(decided, "c-5")
    sampled_and_reported(decided, "c-6")

    shown = " ".join(bench.replay().split())

    assert "of 4 rejected" in shown
    assert "No sample is among them." in shown


def test_minutes_a_day_are_of_what_was_flagged_since_the_site_began(
    world: World, bench: Bench
) -> None:
    begun = command.now() - timedelta(days=4)
    site = Sites(world.database).create("sports", by="cli", now=begun)
    world.clock.now = begun
    there = replace(world, site=site)
    for number in range(40):
        there.send(f"c-{number}")
    there.send("c-40", ACCEPTED)
    reject(there, "c-1")

    shown = bench.replay("--site sports --seconds 30")

    assert minutes(shown)[0] == "5.0"
    said = " ".join(shown.split())
    assert "10.0 comments a day were flagged in the last 4 days" in said
    assert "30 s (as given)" in said


def test_minutes_change_as_the_queue_does(decided: World, bench: Bench) -> None:
    sites = Sites(decided.database)
    decided.clock.now = command.now()
    decided.send("c-9")
    unknown = minutes(bench.replay(f"{ALL} --seconds 3600"))
    for rule in Rule:
        sites.set_thresholds("default", rule, Thresholds(0.0, None), by="cli", now=NOON)
    gone = minutes(bench.replay(f"{OFF} --seconds 3600"))

    now, then = gone
    assert float(now) > 0
    assert then == "0.0"
    assert unknown == [now, "?"]


def minutes(shown: str) -> list[str]:
    (line,) = [row for row in shown.splitlines() if row.startswith("minutes of")]
    return line[40:].split()


def test_how_fast_moderators_are_is_told_by_the_times_in_between(
    world: World,
) -> None:
    for number in range(LEAST + 6):
        world.send(f"c-{number}")
    for number in range(LEAST + 5):
        reject(world, f"c-{number}", by="anna")
        world.clock.sleep(7 if number % 2 else 5)
        if number == 3:
            assert seconds_a_decision(world.database) is None
            world.clock.sleep(3_600)

    assert seconds_a_decision(world.database) in (5.0, 7.0)


# The counting


def replayed(rejected: bool, then: Fate, weight: float = 1.0) -> Replayed:
    return Replayed(Label("text", rejected), weight, Fate.ACCEPT, then)


def test_every_comment_is_counted_for_what_people_and_the_model_make_of_it() -> None:
    seen = [
        *[replayed(True, Fate.ACCEPT, 10.0)],
        *[replayed(True, Fate.FLAG)] * 2,
        *[replayed(True, Fate.REJECT)] * 3,
        *[replayed(False, Fate.ACCEPT)] * 4,
        *[replayed(False, Fate.FLAG)] * 5,
        *[replayed(False, Fate.REJECT)] * 6,
    ]

    counted = figures(seen, lambda one: one.then)

    assert (counted.rejected, counted.missed) == (15.0, 10.0)
    assert (counted.accepted, counted.wrongly_rejected) == (15.0, 6.0)
    assert (counted.wrongly_held, counted.flagged) == (5.0, 7.0)
    assert counted.comments == 30.0


# What cannot be tried


def refused(bench: Bench, options: str) -> Result:
    shown = bench.types(f"replay {options}")
    assert shown.stdout == ""
    return shown


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        ("--site nowhere", 1, "There is no site named 'nowhere'."),
        ("--policy nowhere@1", 1, "There is no site named 'nowhere'."),
        ("--policy default@7", 1, "default has had no version 7."),
        ("--policy default", 2, "'default' is no policy, such as default@3."),
        ("--policy default@-1", 2, "'default@-1' is no policy, such as default@3."),
        ("--policy default@1 --site sports", 2, "default@1 is no policy of sports."),
        ("--model 2026-01-01-000000", 1, "There is no version 2026-01-01-000000"),
        ("--threshold obscene 0.9 0.4", 2, "flag=0.9 must not exceed reject="),
        ("--threshold rude 0.4 0.9", 2, "'rude' is not one of 'derogatory'"),
        ("--threshold obscene much 0.9", 2, "'much' is neither a number nor"),
        ("--last 0", 2, "0 is not in the range"),
        ("--seconds 0", 2, "0.0 is not in the range"),
    ],
)
def test_what_cannot_be_tried_is_said_in_a_sentence(
    decided: World, bench: Bench, options: str, status: int, sentence: str
) -> None:
    shown = refused(bench, options)

    assert shown.exit_code == status
    assert sentence in shown.stderr


def test_a_broken_model_is_said_to_be_broken(
    decided: World, bench: Bench, tmp_path: Path
) -> None:
    folder = altered(tmp_path / "models", "2026-12-01-aaaaaa")
    (folder / "weights.npz").write_bytes(b"nothing")

    shown = refused(bench, "--model 2026-12-01-aaaaaa")

    assert shown.exit_code == 1
    assert "The model cannot be served" in shown.stderr


def test_where_nothing_is_decided_there_is_nothing_to_try(
    world: World, bench: Bench
) -> None:
    world.send("c-1")
    decide = world.review.decide_by_site
    world.send("c-2", ACCEPTED)
    decide(world.site, "c-2", Outcome.REJECT, rule=None, note=None, by=None)

    shown = refused(bench, "")

    assert shown.exit_code == 1
    assert shown.stderr == (
        "Error: People have decided on no comment whose text is kept.\n"
    )
