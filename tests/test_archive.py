"""An archive goes in, the same rows come out judged; nothing is lost on the way."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import pty
import subprocess
import sys
import termios
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from model.finding import Attribute
from service.archive.__main__ import format_of, main
from service.archive.judging import RESULTS
from service.archive.rows import LONGEST, Rows, read_csv, read_json_lines
from service.errors import ConfigurationError

CLEAN = "The DIA report is worth reading in full."
OBSCENE = "What the fuck is wrong with this world."


def judged(tmp_path: Path, name: str, content: str | bytes) -> tuple[int, bytes]:
    """Judge a file of this content; answers the exit status and what was written."""
    source, target = tmp_path / name, tmp_path / f"out.{name}"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    status = main([str(source), str(target)])
    return status, target.read_bytes() if target.exists() else b""


def json_rows(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def csv_rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def test_json_rows_come_out_in_order_with_what_they_carried(tmp_path: Path) -> None:
    lines = [{"text": CLEAN, "n": [1, {"a": None}]}, {"n": 1.5, "text": OBSCENE}]

    status, out = judged(tmp_path, "a.jsonl", "\n".join(map(json.dumps, lines)))

    first, second = json_rows(out)
    assert status == 0
    assert list(first) == ["text", "n", *RESULTS]
    assert (first["decision"], first["flagged"], first["rules"]) == (
        "accept",
        False,
        [],
    )
    assert first["reasons"] == []
    assert first["error"] is None
    assert first["n"] == [1, {"a": None}]
    assert (second["decision"], second["rules"], second["n"]) == (
        "reject",
        ["obscene"],
        1.5,
    )
    assert {"start": 9, "end": 13, "text": "fuck"} in second["reasons"][0]["spans"]
    assert all(0.0 <= second[name] <= 1.0 for name in Attribute)


def test_csv_rows_come_out_in_order_with_what_they_carried(tmp_path: Path) -> None:
    text = f'id,text,note\n1,"{OBSCENE}","two\nlines, ""quoted"""\n2,{CLEAN},=1+1\n'

    status, out = judged(tmp_path, "a.csv", text)

    first, second = csv_rows(out)
    assert status == 0
    assert list(first) == ["id", "text", "note", *RESULTS]
    assert first["note"] == 'two\nlines, "quoted"'
    assert (first["decision"], first["flagged"]) == ("reject", "false")
    assert json.loads(first["rules"]) == ["obscene"]
    assert json.loads(first["reasons"])[0]["source"] == "lexicon"
    assert 0.0 <= float(first["PROFANITY"]) <= 1.0
    assert (second["id"], second["decision"], second["note"]) == ("2", "accept", "=1+1")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param("{", "line 1: not JSON", id="not JSON"),
        pytest.param("[1]", "line 1: not a JSON object", id="not an object"),
        pytest.param('{"text": NaN}', "line 1: NaN is not JSON", id="NaN"),
        pytest.param('{"text":"a","n":1e999}', "out of range", id="infinite"),
        pytest.param(f'{{"n":{"9" * 5000}}}', "line 1: ", id="a monstrous number"),
        pytest.param("[" * 100_000, "line 1: nested too deeply", id="nested"),
        pytest.param('{"id": 1}', "text is missing", id="no text"),
        pytest.param('{"text": null}', "text is missing", id="null"),
        pytest.param('{"text": 7}', "text must be a string", id="a number"),
        pytest.param('{"text": " \\u200b\\n"}', "text must not be blank", id="blank"),
        pytest.param('{"text": "\\ud800"}', "not valid Unicode", id="half a pair"),
        pytest.param(
            json.dumps({"text": "a" * 10_001}),
            "text must have at most 10000 characters",
            id="too long",
        ),
    ],
)
def test_a_bad_json_row_says_why_and_the_next_is_judged(
    tmp_path: Path, line: str, problem: str
) -> None:
    good = json.dumps({"text": CLEAN})

    status, out = judged(tmp_path, "a.jsonl", f"{line}\n{good}\n")

    bad, next_one = json_rows(out)
    assert status == 1
    assert problem in bad["error"]
    assert bad["decision"] is None
    assert next_one["decision"] == "accept"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        pytest.param(b"1", "row 1: 1 cells where the header has 2", id="short"),
        pytest.param(b"1,a,b", "row 1: 3 cells where the header has 2", id="long"),
        pytest.param(b"1,", "text must not be blank", id="empty"),
        pytest.param(b"1,caf\xe9", "not valid Unicode", id="Latin-1"),
        pytest.param(b'1,"a"b', "row 1: not CSV", id="text after a quote"),
        pytest.param(b"1," + b"a" * 200_000, "at most 10000", id="huge"),
    ],
)
def test_a_bad_csv_row_says_why_and_the_next_is_judged(
    tmp_path: Path, row: bytes, problem: str
) -> None:
    status, out = judged(
        tmp_path, "a.csv", b"id,text\n" + row + b"\n2," + CLEAN.encode() + b"\n"
    )

    bad, next_one = csv.DictReader(
        io.StringIO(out.decode(errors="surrogateescape"), newline="")
    )
    assert status == 1
    assert problem in bad["error"]
    assert (next_one["id"], next_one["decision"]) == ("2", "accept")


def test_an_unclosed_quote_swallows_no_comments_in_silence(tmp_path: Path) -> None:
    status, out = judged(tmp_path, "a.csv", f'text\n"{CLEAN}\n{OBSCENE}\n')

    assert status == 1
    assert "not CSV" in csv_rows(out)[0]["error"]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"

    for name, data in [
        ("a.csv", f'"text"\r\n{CLEAN}\r\n'),
        ("a.jsonl", json.dumps({"text": CLEAN})),
    ]:
        status, out = judged(tmp_path, name, mark + data.encode())
        assert status == 0
        assert not out.startswith(mark)


def test_other_columns_keep_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    status, out = judged(
        tmp_path, "a.csv", b"text,by\n" + CLEAN.encode() + b",Jos\xe9\n"
    )

    assert status == 0
    assert b",Jos\xe9," in out


def test_other_columns_keep_half_surrogates(tmp_path: Path) -> None:
    line = json.dumps({"text": CLEAN, "by": "\ud83d"})

    status, out = judged(tmp_path, "a.jsonl", line)

    assert status == 0
    assert json_rows(out)[0]["by"] == "\ud83d"


def test_a_column_that_is_called_like_a_result_is_kept(tmp_path: Path) -> None:
    line = {"text": CLEAN, "decision": "ours", "input_decision": "older"}

    _, out = judged(tmp_path, "a.jsonl", json.dumps(line))
    _, csv_out = judged(tmp_path, "a.csv", f"text,decision\n{CLEAN},ours\n")

    row = json_rows(out)[0]
    assert (row["decision"], row["input_decision"]) == ("accept", "older")
    assert row["input_input_decision"] == "ours"
    assert csv_rows(csv_out)[0]["input_decision"] == "ours"


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    _, lines = judged(tmp_path, "a.jsonl", f'\n{{"text": "{CLEAN}"}}\r\n\n')
    _, table = judged(tmp_path, "a.csv", f"text\n\n{CLEAN}\n\n")

    assert len(json_rows(lines)) == len(csv_rows(table)) == 1


def test_an_empty_archive_gives_an_empty_one(tmp_path: Path) -> None:
    assert judged(tmp_path, "a.jsonl", "") == (0, b"")
    assert csv_rows(judged(tmp_path, "a.csv", "text\n")[1]) == []


def test_packed_archives_are_read_and_written(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps({"text": CLEAN}).encode())

    status, out = judged(tmp_path, "a.jsonl.gz", packed)

    assert status == 0
    assert json_rows(gzip.decompress(out))[0]["decision"] == "accept"


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        pytest.param("a.csv", b"", "no column 'text' in the header", id="empty CSV"),
        pytest.param("a.csv", b"id;text\n", "no column 'text'", id="semicolons"),
        pytest.param("a.csv", b"text,a,a\n", "'a' twice", id="a column twice"),
        pytest.param("a.txt", b"", "give --format", id="unknown suffix"),
        pytest.param("a.jsonl.gz", b"plain", "damaged", id="not packed"),
        pytest.param(
            "a.csv.gz", gzip.compress(b"text\na\n" * 9)[:-9], "damaged", id="cut off"
        ),
    ],
)
def test_what_cannot_be_an_archive_is_refused_in_a_sentence(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: bytes,
    sentence: str,
) -> None:
    status, out = judged(tmp_path, name, content)

    message = capsys.readouterr().err
    assert (status, out) == (2, b"")
    assert sentence in message
    assert message.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_missing_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([str(tmp_path / "none.csv"), str(tmp_path / "out.csv")])

    assert status == 2
    assert "none.csv: No such file or directory." in capsys.readouterr().err


def test_an_archive_is_never_its_own_target(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text(json.dumps({"text": CLEAN}))
    (tmp_path / "link.jsonl").symlink_to(source)

    assert main([str(source), str(tmp_path / "link.jsonl")]) == 2
    assert "same file" in capsys.readouterr().err
    assert source.read_text() == json.dumps({"text": CLEAN})


def test_a_failed_run_leaves_the_older_result_alone(tmp_path: Path) -> None:
    target = tmp_path / "out.a.csv.gz"
    target.write_bytes(b"older")

    judged(tmp_path, "a.csv.gz", gzip.compress(b"text\na\n" * 9)[:-9])

    assert target.read_bytes() == b"older"


def test_a_device_is_no_target(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text("{}")

    assert main([str(source), os.devnull, "--format", "jsonl"]) == 2


@pytest.mark.parametrize(
    ("source", "target", "given", "kind"),
    [
        ("a.csv", "b.csv", None, "csv"),
        ("a.CSV.gz", "-", None, "csv"),
        ("-", "b.ndjson", None, "jsonl"),
        ("-", "-", None, "jsonl"),
        ("-", "-", "csv", "csv"),
        ("a.txt", "b.jsonl", None, "jsonl"),
    ],
)
def test_the_format_follows_the_names_unless_it_is_given(
    source: str, target: str, given: str | None, kind: str
) -> None:
    assert format_of(source, target, given) == kind


def test_two_formats_in_one_run_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="the same format"):
        format_of("a.csv", "b.jsonl", None)


def test_own_thresholds_take_the_place_of_the_models(tmp_path: Path) -> None:
    source, target = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    source.write_text(json.dumps({"text": OBSCENE}))
    policy = tmp_path / "thresholds.json"
    policy.write_text('{"obscene": {"flag": 0.5, "reject": null}}')

    main([str(source), str(target), "--policy", str(policy)])

    row = json_rows(target.read_bytes())[0]
    assert (row["decision"], row["flagged"]) == ("accept", True)


@pytest.mark.parametrize(
    "content", ["[]", "{", '{"rude": {}}', '{"obscene": {"flag": 2, "reject": 3}}']
)
def test_senseless_thresholds_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    (tmp_path / "a.jsonl").write_text("{}")
    policy = tmp_path / "thresholds.json"
    policy.write_text(content)

    ends = [str(tmp_path / "a.jsonl"), str(tmp_path / "b.jsonl")]
    assert main([*ends, "--policy", str(policy)]) == 2
    assert "thresholds.json" in capsys.readouterr().err


def test_standard_streams_carry_rows_and_nothing_else() -> None:
    lines = json.dumps({"text": CLEAN}) + "\n{\n"

    done = subprocess.run(
        [sys.executable, "-m", "service.archive", "-", "-"],
        input=lines.encode(),
        capture_output=True,
        check=False,
    )

    assert done.returncode == 1
    assert [row["decision"] for row in json_rows(done.stdout)] == ["accept", None]
    assert done.stderr.decode() == (
        "2 rows: 1 accepted, 0 rejected, 0 flagged, 1 with an error\n"
    )


def test_a_reader_that_has_seen_enough_ends_the_run_quietly() -> None:
    rows = (json.dumps({"text": CLEAN}) + "\n") * 2000

    with subprocess.Popen(
        [sys.executable, "-m", "service.archive", "-", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stdin is not None
        process.stdin.write(rows.encode())
        process.stdin.close()
        assert process.stderr is not None
        complaint = process.stderr.read()

    assert complaint == b""


def test_a_person_at_a_terminal_sees_progress(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    source.write_text(json.dumps({"text": CLEAN}) + "\n")
    mine, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))

    subprocess.run(
        [sys.executable, "-m", "service.archive", source, tmp_path / "b.jsonl"],
        stderr=theirs,
        check=True,
    )

    os.close(theirs)
    shown = os.read(mine, 65_536).decode()
    os.close(mine)
    assert "100%" in shown
    assert "1 rows: 1 accepted" in shown


@pytest.mark.parametrize("read", [read_json_lines, read_csv])
def test_a_line_without_end_is_one_bad_row_and_does_not_fill_the_memory(
    tmp_path: Path, read: Callable[[BinaryIO, frozenset[str]], Rows]
) -> None:
    file = tmp_path / "endless"
    with file.open("wb") as stream:
        stream.write(b"text\n" if read is read_csv else b"")
        for _ in range(16):
            stream.write(b"a" * LONGEST)
        stream.write(b'\n"b"\n')

    tracemalloc.start()
    with file.open("rb") as stream:
        problems = [row.problem for row in read(stream, frozenset()).rows]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert len(problems) == 2
    assert "longer than 4194304" in str(problems[0])
    assert peak < 8 * LONGEST
