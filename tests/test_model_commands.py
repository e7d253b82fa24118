"""The operator's commands for versions of the model, and what they say."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from service.store.models import Models
from service.store.shadows import Difference, Shadows
from tests.fixtures_service import ROOT
from tests.fixtures_store import NOON
from tests.samples import ACCEPTED, REJECTED, comment
from tests.test_cli import Operator
from tests.versions import altered, gate, shipped, small

BASE, ANNA, BERT = (f"2026-01-0{day}-{day:06}" for day in range(1, 4))


class Newsroom:
    """An operator with a base and candidates in the data folder."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.candidates = folder / "models"
        self.base = small(folder / "base", BASE)
        self.operator = Operator(
            {
                "DATABASE_URL": database_url,
                "REFRAIN_DATA_DIR": str(folder),
                "REFRAIN_ARTIFACT": str(self.base),
            }
        )
        self.store = self.operator.store
        self.models = Models(self.store.database)

    def candidate(self, name: str, card: dict[str, object] | None = None) -> Path:
        """A trained version, in the data folder."""
        return small(self.candidates, name, card or {"gate": gate(against=BASE)})

    def types(self, line: str) -> Result:
        """Run a command."""
        return self.operator.types(line)

    def listed(self) -> dict[str, list[str]]:
        """The columns that `flask models` shows of each version."""
        shown = self.types("models")
        assert shown.exit_code == 0, shown.output
        rows = (line.split("\t") for line in shown.stdout.splitlines())
        return {name: columns for name, *columns in rows}


@pytest.fixture
def newsroom(database_url: str, tmp_path: Path) -> Iterator[Newsroom]:
    newsroom = Newsroom(database_url, tmp_path / "data")
    yield newsroom
    newsroom.store.database.close()


def since(line: str) -> str:
    """A time by the clock, less the clock."""
    words = line.split()
    return " ".join([words[0], "…", *words[3:]])


def test_at_first_the_base_is_all_there_is(newsroom: Newsroom) -> None:
    assert newsroom.listed() == {BASE: ["active, base", "-"]}


def test_what_a_killed_run_has_left_is_no_candidate(newsroom: Newsroom) -> None:
    newsroom.candidate(ANNA).rename(newsroom.candidates / ".draft-x")

    assert newsroom.listed() == {BASE: ["active, base", "-"]}
    assert newsroom.types(f"promote {ANNA}").exit_code != 0


def test_candidates_are_listed_with_what_their_gate_said(newsroom: Newsroom) -> None:
    newsroom.candidate(ANNA)
    newsroom.candidate(BERT, {"gate": gate(passed=False)})
    newsroom.candidate("2026-01-04-000004", {"gate": None})
    broken = newsroom.candidates / "broken"
    broken.mkdir()
    (broken / "card.json").write_text("{")

    assert newsroom.listed() == {
        "broken": ["candidate", "unreadable"],
        "2026-01-04-000004": ["candidate", "no gate"],
        BERT: ["candidate", "gate refused"],
        ANNA: ["candidate", "gate passed"],
        BASE: ["active, base", "-"],
    }


def test_what_is_active_and_shadow_is_marked_with_since_when_and_by_whom(
    newsroom: Newsroom,
) -> None:
    for name in (ANNA, BERT):
        newsroom.candidate(name)
    newsroom.types(f"promote {ANNA}")
    newsroom.types(f"shadow {BERT}")

    listed = newsroom.listed()

    assert listed[ANNA][:2] == ["active", "gate passed"]
    assert since(listed[ANNA][2]) == "since … by cli"
    assert listed[BERT][:2] == ["shadow, candidate", "gate passed"]
    assert since(listed[BERT][2]) == "since … by cli"
    assert listed[BASE] == ["base", "-"]


def test_a_candidate_is_promoted_by_its_name(newsroom: Newsroom) -> None:
    newsroom.candidate(ANNA)

    shown = newsroom.types(f"promote {ANNA}")

    assert shown.exit_code == 0
    assert shown.stdout == (
        f"{ANNA} is active now, and {BASE} is not. "
        "Running workers follow within 5 seconds.\n"
    )
    assert shown.stderr == ""
    assert newsroom.models.active() == ANNA


def test_a_stored_version_needs_no_folder_any_more(newsroom: Newsroom) -> None:
    newsroom.candidate(ANNA)
    newsroom.types(f"promote {ANNA}")
    newsroom.types("rollback")
    shutil.rmtree(newsroom.candidates)

    shown = newsroom.types(f"promote {ANNA}")

    assert shown.exit_code == 0
    assert newsroom.models.active() == ANNA


def test_promoting_what_is_active_says_so(newsroom: Newsroom) -> None:
    newsroom.candidate(ANNA)
    newsroom.types(f"promote {ANNA}")

    shown = newsroom.types(f"promote {ANNA}")

    assert (shown.exit_code, shown.stdout) == (0, f"{ANNA} is active already.\n")


def test_the_base_is_promoted_by_its_name(newsroom: Newsroom) -> None:
    newsroom.candidate(ANNA)
    newsroom.types(f"promote {ANNA}")

    shown = newsroom.types(f"promote {BASE}")

    assert shown.stdout.startswith(f"{BASE} is active now, and {ANNA} is not.")
    assert newsroom.models.active() is None


def test_a_version_that_no_gate_has_passed_is_promoted_only_anyway(
    newsroom: Newsroom,
) -> None:
    newsroom.candidate(ANNA, {"gate": gate(passed=False, against=BASE)})

    refused = newsroom.types(f"promote {ANNA}")
    promoted = newsroom.types(f"promote {ANNA} --anyway")

    assert refused.exit_code == 1
    assert "was refused by its gate" in refused.stderr
    assert "--anyway" in refused.stderr
    assert promoted.exit_code == 0
    assert newsroom.models.active() == ANNA


def test_a_gate_that_compared_with_another_version_is_mentioned(
    newsroom: Newsroom,
) -> None:
    for name in (ANNA, BERT):
        newsroom.candidate(name)
    newsroom.types(f"promote {ANNA}")

    shown = newsroom.types(f"promote {BERT}")

    assert shown.exit_code == 0
    assert f"compared it with {BASE}, not {ANNA}" in shown.stderr


@pytest.mark.parametrize("line", ["promote nobody", "shadow nobody"])
def test_an_unknown_version_is_refused_with_where_to_look(
    newsroom: Newsroom, line: str
) -> None:
    shown = newsroom.types(line)

    assert shown.exit_code == 1
    assert "There is no version nobody" in shown.stderr
    assert str(newsroom.candidates) in shown.stderr
    assert "flask models" in shown.stderr


@pytest.mark.parametrize("command", ["promote", "shadow"])
def test_a_broken_version_is_refused_in_a_sentence(
    newsroom: Newsroom, command: str
) -> None:
    (newsroom.candidate(ANNA) / "weights.npz").write_bytes(b"")

    shown = newsroom.types(f"{command} {ANNA}")

    assert shown.exit_code == 1
    assert "cannot be served" in shown.stderr
    assert "not those of its card" in shown.stderr
    assert newsroom.models.versions() == []


def test_rolling_back_says_what_answers_then_and_when_it_ends(
    newsroom: Newsroom,
) -> None:
    for name in (ANNA, BERT):
        newsroom.candidate(name)
        newsroom.types(f"promote {name}")

    said = [newsroom.types("rollback") for _ in range(3)]

    assert [shown.exit_code for shown in said] == [0, 0, 1]
    assert said[0].stdout.startswith(f"{ANNA} is active again, and {BERT} is not.")
    assert said[1].stdout.startswith(f"{BASE} is active again, and {ANNA} is not.")
    assert "no promotion to roll back" in said[2].stderr
    assert newsroom.listed()[BASE][0] == "active, base"


def test_without_a_base_stored_versions_are_promoted_and_rolled_back(
    newsroom: Newsroom,
) -> None:
    for name in (ANNA, BERT):
        newsroom.candidate(name)
        newsroom.types(f"promote {name}")
    shutil.rmtree(newsroom.candidates)
    shutil.rmtree(newsroom.base)

    lines = ("rollback", f"promote {BERT}", "rollback")
    said = [newsroom.types(line) for line in lines]

    assert [shown.exit_code for shown in said] == [0, 0, 0], said
    assert said[2].stdout.startswith(f"{ANNA} is active again, and {BERT} is not.")


def test_a_base_that_cannot_be_read_is_replaced_by_its_name(newsroom: Newsroom) -> None:
    newsroom.candidate(ANNA)
    (newsroom.base / "weights.npz").unlink()

    promoted = newsroom.types(f"promote {ANNA}")
    back = newsroom.types("rollback")

    assert promoted.stdout.startswith(f"{ANNA} is active now, and {BASE} is not.")
    assert back.exit_code == 1
    assert back.stderr == (
        "Error: The base answered before that, and it cannot be read.\n"
    )


def test_a_version_whose_weights_are_forgotten_is_marked(newsroom: Newsroom) -> None:
    newsroom.candidate(ANNA)
    newsroom.types(f"promote {ANNA}")
    for number in range(7):
        newsroom.candidate(f"2026-02-01-{number:06}")
        newsroom.types(f"promote 2026-02-01-{number:06}")
    shutil.rmtree(newsroom.candidates)

    assert newsroom.listed()[ANNA][0] == "card only"
    refused = newsroom.types(f"promote {ANNA}")
    assert f"The weights of {ANNA} are not in the database" in refused.stderr


# The shadow


def test_a_shadow_is_begun_and_ended(newsroom: Newsroom) -> None:
    newsroom.candidate(ANNA)

    begun = newsroom.types(f"shadow {ANNA}")
    was = newsroom.models.state().shadow
    ended = newsroom.types("shadow off")

    assert begun.stdout.startswith(f"{ANNA} is the shadow now, and never answers.")
    assert was == ANNA
    assert ended.stdout == "Nothing is the shadow any more.\n"
    assert newsroom.models.state().shadow is None


def test_what_answers_is_not_made_the_shadow(newsroom: Newsroom) -> None:
    shown = newsroom.types(f"shadow {BASE}")

    assert shown.exit_code == 1
    assert "is the version that answers" in shown.stderr


def test_without_any_shadow_there_are_no_differences(newsroom: Newsroom) -> None:
    shown = newsroom.types("differences")

    assert (shown.exit_code, shown.stdout) == (0, "No version was ever the shadow.\n")


@pytest.fixture
def shadowed(newsroom: Newsroom) -> Newsroom:
    """A newsroom with a shadow that has differed three times."""
    newsroom.candidate(ANNA)
    newsroom.types(f"shadow {ANNA}")
    sent = comment("c-3", "kept\ntext \x1b[31m")
    newsroom.store.record(1, sent, bytes(32), REJECTED, NOON, alike=bytes(16))
    for id in ("c-1", "c-\x1b2"):
        newsroom.store.record(1, comment(id), bytes(32), ACCEPTED, NOON, alike=None)
    present = newsroom.models.state().shadowing
    assert present
    found = [
        Difference(1, "c-1", 1, "accept", "flag", None, "personal", NOON),
        Difference(1, "c-\x1b2", 1, "flag", "reject", "personal", "obscene", NOON),
        Difference(1, "c-3", 1, "reject", "accept", "obscene", None, NOON),
    ]
    Shadows(newsroom.store.database).note(present, found, judged=12, skipped=4)
    return newsroom


def test_differences_are_counted_and_listed_newest_first(shadowed: Newsroom) -> None:
    summary, *lines = shadowed.types("differences").stdout.splitlines()

    assert summary.startswith(f"{ANNA}, the shadow since ")
    assert summary.endswith(
        ": 12 comments judged, 2 stricter, 1 milder, 9 the same; 4 skipped."
    )
    assert [line.split("\t") for line in lines] == [
        ["default", "c-3", "reject → accept", "obscene → -"],
        ["default", "c- 2", "flag → reject", "personal → obscene"],
        ["default", "c-1", "accept → flag", "- → personal"],
    ]


def test_only_as_many_as_wanted_are_listed(shadowed: Newsroom) -> None:
    assert len(shadowed.types("differences --last 1").stdout.splitlines()) == 2
    assert len(shadowed.types("differences --last 0").stdout.splitlines()) == 1


def test_texts_are_shown_only_where_they_are_asked_for_and_kept(
    shadowed: Newsroom,
) -> None:
    _, *lines = shadowed.types("differences --text").stdout.splitlines()

    assert [line.split("\t")[-1] for line in lines] == ["kept text  [31m", "-", "-"]
    assert "kept" not in shadowed.types("differences").stdout


def test_a_shadow_that_has_ended_can_still_be_read(shadowed: Newsroom) -> None:
    shadowed.types("shadow off")

    assert " until " in shadowed.types("differences").stdout.splitlines()[0]


# The real commands


def flask(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "service.cli", *line.split()],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "REFRAIN_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_at_a_shell_the_shipped_version_is_replaced_and_comes_back(
    tmp_path: Path, prepared_sqlite: Path
) -> None:
    shutil.copy(prepared_sqlite, tmp_path / "refrain.db")
    altered(tmp_path / "models", ANNA)

    done = [flask(line, tmp_path) for line in (f"promote {ANNA}", "models", "rollback")]

    assert [one.returncode for one in done] == [0, 0, 0], done
    assert f"{ANNA}\tactive\tgate passed" in done[1].stdout
    assert done[2].stdout.startswith(f"{shipped().version} is active again")
    assert [one.stderr for one in done] == ["", "", ""]
