"""An archive of many files is judged piece by piece, and nothing of it twice."""

from __future__ import annotations

import fcntl
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.finding import Rule
from service.archive.__main__ import main
from service.archive.judging import CODE, ROOT, Terms, judging_by, load_terms
from service.archive.manifest import Manifest
from service.archive.partitions import Archive, partitions_of
from service.archive.rows import FORMATS, START
from service.archive.text import judge_rows
from service.archive.work import Task, fitness, judge_partition
from service.errors import ConfigurationError

CLEAN = "The DIA report is worth reading in full."
OBSCENE = "What the fuck is wrong with this world."
SMALL = ["--partition", "0.0001"]
"""A hundred bytes: each row or two are a partition."""

CSV_PIECES = ["a", ",", '"', '""', "\n", "\r\n", "\r", " ", "é", "x,1\n", '"b\n",2\n']
JSON_PIECES = ['{"text": "a"}', "\n", "\r\n", "{", " ", "\ufeff", '"\\n"', "[]\n", "é"]


def lines(*texts: str) -> str:
    return "".join(json.dumps({"text": text}) + "\n" for text in texts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two months of comments, and what other programs leave beside them."""
    source = tmp_path / "in"
    for month in ("1", "2"):
        (source / f"year=2024/month={month}").mkdir(parents=True)
        file = source / f"year=2024/month={month}/part-0.jsonl"
        file.write_text(lines(CLEAN, OBSCENE, f"{CLEAN} {month}"))
    (source / "_SUCCESS").write_text("")
    (source / "year=2024/.part-0.jsonl.crc").write_bytes(b"\0")
    return source


def judge_folder(folder: Path, *options: str) -> tuple[int, Path]:
    target = folder.parent / "out"
    return main([str(folder), str(target), *options]), target


def files_in(folder: Path) -> dict[str, bytes]:
    """Everything in a folder but what says how far the run is."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "_refrain" not in path.parts
    }


def done_files(target: Path) -> dict[str, dict[str, Any]]:
    done = target / "_refrain" / "done"
    return {
        path.relative_to(done).as_posix(): json.loads(path.read_bytes())
        for path in done.rglob("*.json")
    }


# Where files are cut


@pytest.fixture(scope="module")
def terms() -> Terms:
    return load_terms(None)


def in_pieces(data: bytes, kind: str, size: int, terms: Terms) -> bytes:
    """Judge data cut to pieces; answers what was written, strung together."""
    sink = io.BytesIO()
    for cut in FORMATS[kind].cut(io.BytesIO(data), size):
        piece = io.BytesIO(data[cut.start : cut.end])
        judge_rows(piece, sink, kind, judging_by(terms), cut.place)
    return sink.getvalue()


def in_one(data: bytes, kind: str, terms: Terms) -> bytes:
    sink = io.BytesIO()
    judge_rows(io.BytesIO(data), sink, kind, judging_by(terms), START)
    return sink.getvalue()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(CSV_PIECES), max_size=40), st.integers(1, 60))
def test_csv_in_pieces_is_the_same_as_csv_in_one(
    terms: Terms, pieces: list[str], size: int
) -> None:
    data = ("text,n\n" + "".join(pieces)).encode()

    assert in_pieces(data, "csv", size, terms) == in_one(data, "csv", terms)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(JSON_PIECES), max_size=40), st.integers(1, 60))
def test_json_lines_in_pieces_are_the_same_as_in_one(
    terms: Terms, pieces: list[str], size: int
) -> None:
    data = "".join(pieces).encode()

    assert in_pieces(data, "jsonl", size, terms) == in_one(data, "jsonl", terms)


def test_a_line_break_in_quotes_ends_no_partition(tmp_path: Path, terms: Terms) -> None:
    source = tmp_path / "a.csv"
    source.write_text("text\n" + '"one\ntwo\nthree"\n' * 9)
    archive = Archive(source, tmp_path / "b.csv", "csv", is_folder=False)

    found = list(partitions_of(archive, "b.csv", 40))

    assert [(one.start, one.end, one.place.first) for one in found] == [
        (0, 53, 1),
        (53, 101, 4),
        (101, 149, 7),
    ]


def test_a_partition_holds_about_the_bytes_that_are_asked_for(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text(lines(CLEAN) * 1000)
    archive = Archive(source, tmp_path / "b.jsonl", "jsonl", is_folder=False)

    found = list(partitions_of(archive, "b.jsonl", 4000))

    sizes = [(one.end or 0) - one.start for one in found]
    assert sum(sizes) == source.stat().st_size
    assert all(4000 <= size < 4000 + len(lines(CLEAN)) for size in sizes[:-1])


# Folders


def test_a_folder_gives_a_folder_of_the_same_names(folder: Path) -> None:
    status, target = judge_folder(folder)

    written = files_in(target)
    assert status == 0
    assert list(written) == [f"year=2024/month={n}/part-0.jsonl" for n in (1, 2)]
    for name, data in written.items():
        rows = [json.loads(line) for line in data.splitlines()]
        came = (folder / name).read_bytes().splitlines()
        assert [row["text"] for row in rows] == [json.loads(x)["text"] for x in came]
        assert [row["decision"] for row in rows] == ["accept", "reject", "accept"]


def test_partitions_of_any_size_give_the_same_files(folder: Path) -> None:
    _, target = judge_folder(folder)
    whole = files_in(target)
    shutil.rmtree(target)

    judge_folder(folder, *SMALL)

    assert files_in(target) == whole
    assert [len(done["records"]) for done in done_files(target).values()] == [2, 2]
    assert not (target / "_refrain" / "parts").exists()


def test_packed_files_stay_packed(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.csv.gz").write_bytes(gzip.compress(b"text\n" + b"fine\n" * 99))

    status, target = judge_folder(source, *SMALL)

    rows = gzip.decompress((target / "a.csv.gz").read_bytes()).splitlines()
    assert status == 0
    assert len(rows) == 100


def test_the_manifest_says_what_judged_each_partition(
    folder: Path, terms: Terms
) -> None:
    _, target = judge_folder(folder)

    run = json.loads((target / "_refrain/run.json").read_bytes())
    done = done_files(target)["year=2024/month=1/part-0.jsonl.json"]
    assert run["model"] == terms.model
    obscene = judging_by(terms).policy.thresholds[Rule.OBSCENE]
    assert run["policy"]["obscene"] == [obscene.flag, obscene.reject]
    assert done["records"][0]["counts"] == {"accept": 2, "flagged": 0, "reject": 1}
    assert done["records"][0]["by"].endswith(f":{os.getpid()}")
    source = folder / "year=2024/month=1/part-0.jsonl"
    assert done["source"]["size"] == source.stat().st_size


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        pytest.param("notes.txt", "tells no format", id="no format"),
        pytest.param("b.csv", "more than one format", id="two formats"),
    ],
)
def test_a_folder_of_other_things_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, sentence: str
) -> None:
    (folder / name).write_text("text\n")

    status, target = judge_folder(folder)

    assert (status, target.exists()) == (2, False)
    assert sentence in capsys.readouterr().err


def test_an_empty_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()

    assert judge_folder(tmp_path / "in")[0] == 2
    assert "holds no file" in capsys.readouterr().err


def test_a_target_that_holds_something_else_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder.parent / "out").mkdir()
    (folder.parent / "out" / "precious").write_text("")

    assert judge_folder(folder)[0] == 2
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.parametrize("inner", ["in/out", "."])
def test_a_target_within_the_source_or_around_it_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], inner: str
) -> None:
    assert main([str(folder), str(folder.parent / inner)]) == 2
    assert "one within the other" in capsys.readouterr().err


def test_a_damaged_file_does_not_keep_the_others_from_being_judged(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.jsonl.gz").write_bytes(b"not packed")

    status, target = judge_folder(folder)
    said = capsys.readouterr().err
    before = done_files(target)
    (folder / "bad.jsonl.gz").write_bytes(gzip.compress(lines(CLEAN).encode()))
    again, _ = judge_folder(folder)

    assert (status, again) == (2, 0)
    assert "bad.jsonl.gz: " in said
    assert "damaged" in said
    assert len(before) == 2
    assert before.items() < done_files(target).items()


# Going on


def interrupted(folder: Path, parts: int) -> tuple[Path, list[Path]]:
    """Judge so many partitions of a folder, and end as a `kill -9` would."""
    target = folder.parent / "out"
    archive = Archive(folder, target, "jsonl", is_folder=True)
    main([str(folder), str(target), *SMALL])
    for path in [*target.rglob("part-0.jsonl"), *target.rglob("part-0.jsonl.json")]:
        path.unlink()
    tasks = [
        Task(archive, load_terms(None), partition)
        for name in archive.names()
        for partition in partitions_of(archive, name, int(float(SMALL[1]) * 2**20))
    ]
    for task in tasks[:parts]:
        judge_partition(task)
    return target, sorted((target / "_refrain/parts").rglob("*.json"))


def test_a_run_goes_on_and_judges_nothing_again(folder: Path) -> None:
    _, whole = judge_folder(folder)
    expected = files_in(whole)
    shutil.rmtree(whole)
    target, recorded = interrupted(folder, 3)
    known = [json.loads(path.read_bytes()) for path in recorded]

    status, _ = judge_folder(folder, *SMALL)

    records = [one for done in done_files(target).values() for one in done["records"]]
    assert (status, len(known), len(records)) == (0, 3, 4)
    assert all(record in records for record in known)
    assert files_in(target) == expected


def test_a_finished_run_has_nothing_left_to_do(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, target = judge_folder(folder)
    first, said = done_files(target), capsys.readouterr().err

    status, _ = judge_folder(folder)

    assert (status, done_files(target)) == (0, first)
    assert capsys.readouterr().err == said


def test_files_that_were_added_are_judged_as_well(folder: Path) -> None:
    _, target = judge_folder(folder)
    first = done_files(target)
    (folder / "year=2024/month=2/part-1.jsonl").write_text(lines(CLEAN))

    judge_folder(folder)

    assert first.items() < done_files(target).items()
    assert len(files_in(target)) == 3


def test_a_judged_file_that_was_deleted_is_judged_again(folder: Path) -> None:
    _, target = judge_folder(folder)
    expected = files_in(target)
    (target / "year=2024/month=1/part-0.jsonl").unlink()

    assert judge_folder(folder)[0] == 0
    assert files_in(target) == expected


def test_other_thresholds_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, target = judge_folder(folder)
    expected = files_in(target)
    policy = folder.parent / "policy.json"
    policy.write_text('{"obscene": {"flag": 0.5, "reject": null}}')

    status, _ = judge_folder(folder, "--policy", str(policy))

    said = capsys.readouterr().err
    assert status == 2
    assert "was begun otherwise: policy" in said
    assert "to begin anew" in said
    assert files_in(target) == expected


@pytest.mark.parametrize("key", ["model", "release", "partition_bytes", "max_text"])
def test_a_run_that_was_begun_otherwise_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    _, target = judge_folder(folder)
    run = target / "_refrain/run.json"
    run.write_text(json.dumps(json.loads(run.read_bytes()) | {key: "another"}))

    assert judge_folder(folder)[0] == 2
    assert f"begun otherwise: {key} another, now" in capsys.readouterr().err


Act = Callable[[Path], None]


def change(path: Path) -> None:
    path.write_text(lines(OBSCENE))


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        pytest.param(change, "is not what was judged", id="changed"),
        pytest.param(os.unlink, "is gone, and was judged", id="gone"),
    ],
)
def test_a_source_that_is_no_longer_the_same_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], act: Act, sentence: str
) -> None:
    judge_folder(folder)
    act(folder / "year=2024/month=1/part-0.jsonl")

    assert judge_folder(folder)[0] == 2
    assert sentence in capsys.readouterr().err


def test_a_changed_source_is_noticed_while_only_parts_are_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupted(folder, 1)
    change(folder / "year=2024/month=1/part-0.jsonl")

    assert judge_folder(folder, *SMALL)[0] == 2
    assert "is not what was judged" in capsys.readouterr().err


def test_a_judged_file_that_somebody_changed_is_not_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, target = judge_folder(folder)
    change(target / "year=2024/month=1/part-0.jsonl")

    assert judge_folder(folder)[0] == 2
    assert "delete it to have it judged again" in capsys.readouterr().err


def test_a_run_that_ended_between_writing_and_renaming_goes_on(folder: Path) -> None:
    target, _ = interrupted(folder, 2)
    done = Manifest(Archive(folder, target, "jsonl", is_folder=True))
    name = "year=2024/month=1/part-0.jsonl"
    judge_folder(folder, *SMALL)
    expected = files_in(target)
    done_file = target / f"_refrain/done/{name}.json"
    entered = done_file.read_bytes()
    done_file.unlink()
    interrupted(folder, 2)
    done_file.write_bytes(entered)

    assert done.done(name) is None
    assert judge_folder(folder, *SMALL)[0] == 0
    assert files_in(target) == expected


def test_workers_without_a_scheduler_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert judge_folder(folder, "--workers", "2")[0] == 2
    assert "--workers goes with --scheduler" in capsys.readouterr().err


def test_two_commands_do_not_write_one_target(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder.parent / "out/_refrain").mkdir(parents=True)
    (folder.parent / "out/_refrain/run.json").write_text("{}")

    with (folder.parent / "out/_refrain/lock").open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        status, _ = judge_folder(folder)

    assert status == 2
    assert "Another run is writing" in capsys.readouterr().err


@pytest.fixture
def task(folder: Path, terms: Terms) -> Task:
    archive = Archive(folder, folder.parent / "out", "jsonl", is_folder=True)
    first = next(partitions_of(archive, archive.names()[0], 2**20))
    return Task(archive, terms, first)


def test_a_partition_that_is_judged_is_not_judged_again(task: Task) -> None:
    first = judge_partition(task)

    assert judge_partition(task) == first


def test_a_worker_with_another_model_refuses(task: Task) -> None:
    other = replace(task, terms=replace(task.terms, model="another"))

    with pytest.raises(ConfigurationError, match="and not another"):
        judge_partition(other)


def test_a_worker_with_another_release_refuses(task: Task) -> None:
    other = replace(task, terms=replace(task.terms, code="another"))

    with pytest.raises(ConfigurationError, match="Another release"):
        judge_partition(other)


def test_a_release_is_told_by_everything_that_judges() -> None:
    command = "import sys; from model.judge import load_judge; load_judge(); "
    command += "print(*(name for name in sys.modules if name.startswith('model.')))"
    done = subprocess.run(
        [sys.executable, "-c", command], capture_output=True, text=True, check=True
    )
    files = {path for pattern in CODE for path in ROOT.glob(pattern)}

    judging = {ROOT / f"{name.replace('.', '/')}.py" for name in done.stdout.split()}
    assert {path for path in judging if path.is_file()} <= files
    assert all(any(ROOT.glob(pattern)) for pattern in CODE)


def test_a_worker_that_does_not_see_the_files_says_so(task: Task) -> None:
    archive = replace(task.archive, source=Path("/no/such/folder"))

    assert "have to share the files" in str(fitness(replace(task, archive=archive)))
