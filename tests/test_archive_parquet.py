"""A Parquet archive keeps its types, its row groups and whatever else it carries."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from model.finding import Attribute
from service.archive import parquet
from service.archive.__main__ import main
from service.archive.judging import RESULTS

CLEAN = "The DIA report is worth reading in full."
OBSCENE = "What the fuck is wrong with this world."
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)

CARRIED = pa.schema(
    [
        pa.field("id", pa.uint16(), nullable=False),
        pa.field("text", pa.large_string(), metadata={b"kept": b"yes"}),
        pa.field("at", pa.timestamp("us", tz="Asia/Kolkata")),
        pa.field("price", pa.decimal128(12, 3)),
        pa.field("site", pa.dictionary(pa.int32(), pa.string())),
        pa.field("tags", pa.list_(pa.struct([("a", pa.int8()), ("b", pa.binary())]))),
        pa.field("nothing", pa.null()),
    ],
    metadata={b"made by": b"somebody"},
)


def table(*texts: str | None) -> Any:  # noqa: ANN401 - pyarrow has no annotations
    rows = [
        {
            "id": number,
            "text": text,
            "at": NOW,
            "price": Decimal("1.500"),
            "site": f"site {number % 2}",
            "tags": [{"a": 1, "b": b"\xff"}] if number % 2 else None,
            "nothing": None,
        }
        for number, text in enumerate(texts)
    ]
    return pa.Table.from_pylist(rows, schema=CARRIED)


def judged(tmp_path: Path) -> tuple[int, Path]:
    target = tmp_path / "out.parquet"
    return main([str(tmp_path / "in.parquet"), str(target)]), target


def text_of(*values: object, kind: Any = None) -> Any:  # noqa: ANN401
    return pa.table({"text": pa.array(values, kind)})


def test_columns_keep_their_types_their_order_and_their_metadata(
    tmp_path: Path,
) -> None:
    pq.write_table(table(CLEAN, OBSCENE), tmp_path / "in.parquet")

    status, target = judged(tmp_path)

    out = pq.read_table(target)
    assert status == 0
    assert out.schema.names == [*CARRIED.names, *RESULTS]
    assert pa.schema(list(out.schema)[: len(CARRIED)]) == CARRIED.remove_metadata()
    assert out.schema.metadata[b"made by"] == b"somebody"
    assert out.field("text").metadata[b"kept"] == b"yes"
    assert out.select(CARRIED.names).to_pylist() == table(CLEAN, OBSCENE).to_pylist()


def test_results_have_types_of_their_own(tmp_path: Path) -> None:
    pq.write_table(table(CLEAN, OBSCENE, None), tmp_path / "in.parquet")

    status, target = judged(tmp_path)

    clean, obscene, missing = pq.read_table(target).to_pylist()
    assert status == 1
    assert (clean["decision"], clean["flagged"], clean["rules"]) == (
        "accept",
        False,
        [],
    )
    assert (obscene["decision"], obscene["rules"]) == ("reject", ["obscene"])
    assert {"start": 9, "end": 13, "text": "fuck"} in obscene["reasons"][0]["spans"]
    assert all(0.0 <= obscene[name] <= 1.0 for name in Attribute)
    assert (missing["decision"], missing["error"]) == (None, "text is missing")


def test_row_groups_and_packing_stay_as_they_are(tmp_path: Path) -> None:
    rows = table(*[CLEAN, OBSCENE] * 25)
    file = tmp_path / "in.parquet"
    pq.write_table(rows, file, row_group_size=20, compression="zstd")

    status, target = judged(tmp_path)

    described = pq.ParquetFile(target).metadata
    groups = [described.row_group(n) for n in range(described.num_row_groups)]
    assert status == 0
    assert [group.num_rows for group in groups] == [20, 20, 10]
    assert groups[0].column(1).compression == "ZSTD"


def test_a_large_row_group_is_written_in_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = table(*[CLEAN] * 50)
    pq.write_table(rows, tmp_path / "in.parquet")
    monkeypatch.setattr(parquet, "BATCH", 10)
    monkeypatch.setattr(parquet, "LARGEST_GROUP", 4000)

    _, target = judged(tmp_path)

    assert pq.ParquetFile(target).metadata.num_row_groups > 1
    assert pq.read_table(target).column("id").to_pylist() == list(range(50))


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        pytest.param(text_of(7), "text must be a string", id="a number"),
        pytest.param(text_of(b"a"), "text must be a string", id="bytes"),
        pytest.param(text_of(" "), "text must not be blank", id="blank"),
        pytest.param(
            pa.table({"text": pa.array([b"\xff"]).view(pa.string())}),
            "text is not valid Unicode",
            id="not UTF-8",
        ),
    ],
)
def test_a_row_that_cannot_be_judged_says_why(
    tmp_path: Path,
    column: Any,  # noqa: ANN401
    problem: str,
) -> None:
    pq.write_table(column, tmp_path / "in.parquet")

    status, target = judged(tmp_path)

    assert status == 1
    assert pq.read_table(target, columns=["error"]).to_pylist() == [{"error": problem}]


def test_a_row_that_is_not_utf8_spoils_no_other(tmp_path: Path) -> None:
    texts = pa.array([CLEAN.encode(), b"\xff", OBSCENE.encode()]).view(pa.string())
    pq.write_table(pa.table({"text": texts}), tmp_path / "in.parquet")

    _, target = judged(tmp_path)

    decisions = pq.read_table(target, columns=["decision"]).column(0).to_pylist()
    assert decisions == ["accept", None, "reject"]


@pytest.mark.parametrize("kind", [pa.string(), pa.string_view()], ids=str)
def test_text_of_any_kind_of_string_is_judged(
    tmp_path: Path,
    kind: Any,  # noqa: ANN401
) -> None:
    pq.write_table(text_of(OBSCENE, kind=kind), tmp_path / "in.parquet")

    status, target = judged(tmp_path)

    assert status == 0
    assert pq.read_table(target).column("decision").to_pylist() == ["reject"]


def test_a_column_that_is_called_like_a_result_is_kept(tmp_path: Path) -> None:
    rows = pa.table({"text": [CLEAN], "error": [7], "input_error": [8]})
    pq.write_table(rows, tmp_path / "in.parquet")

    _, target = judged(tmp_path)

    row = pq.read_table(target).to_pylist()[0]
    assert (row["error"], row["input_error"], row["input_input_error"]) == (None, 8, 7)


def test_an_empty_file_gives_an_empty_one(tmp_path: Path) -> None:
    pq.write_table(table(), tmp_path / "in.parquet")

    status, target = judged(tmp_path)

    assert (status, pq.read_table(target).num_rows) == (0, 0)


def test_a_partitioned_folder_reads_as_it_did(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    rows = table(*[CLEAN, OBSCENE] * 10)
    layout = ds.partitioning(pa.schema([("site", pa.string())]), flavor="hive")
    plain = rows.set_column(4, "site", rows.column("site").cast(pa.string()))
    ds.write_dataset(plain, source, format="parquet", partitioning=layout)

    status = main([str(source), str(target)])

    before = ds.dataset(source, partitioning=layout).to_table().sort_by("id")
    after = ds.dataset(target, partitioning=layout).to_table().sort_by("id")
    assert status == 0
    assert after.select(before.column_names).equals(before)
    assert set(after.column("decision").to_pylist()) == {"accept", "reject"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"not Parquet", "is damaged", id="not Parquet"),
        pytest.param(b"", "is damaged", id="empty"),
    ],
)
def test_what_is_no_parquet_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, sentence: str
) -> None:
    (tmp_path / "in.parquet").write_bytes(content)

    status, target = judged(tmp_path)

    said = capsys.readouterr().err
    assert (status, target.exists()) == (2, False)
    assert sentence in said
    assert said.count("\n") == 1


def test_a_file_without_texts_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(pa.table({"body": ["a"]}), tmp_path / "in.parquet")

    assert judged(tmp_path)[0] == 2
    assert "no column 'text'" in capsys.readouterr().err


def test_a_damaged_page_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "in.parquet"
    pq.write_table(table(*[CLEAN] * 2000), file, write_page_checksum=True)
    data = bytearray(file.read_bytes())
    data[300] ^= 1
    file.write_bytes(data)

    status, target = judged(tmp_path)

    assert (status, target.exists()) == (2, False)
    assert "is damaged" in capsys.readouterr().err


def test_parquet_is_not_streamed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-", str(tmp_path / "out.parquet")]) == 2
    assert "cannot be streamed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("pyarrow", ["in.parquet", "out.parquet"]),
        ("distributed", ["in.csv", "out.csv", "--scheduler", "local"]),
    ],
)
def test_what_is_not_installed_is_named(
    tmp_path: Path, package: str, arguments: list[str]
) -> None:
    """`None` in the table of modules is how Python says that there is none."""
    (tmp_path / arguments[0]).write_text("text\n")
    command = f"import sys; sys.modules[{package!r}] = None; "
    command += "from service.archive.__main__ import main; sys.exit(main(sys.argv[1:]))"
    ends = [str(tmp_path / arguments[0]), str(tmp_path / arguments[1]), *arguments[2:]]

    done = subprocess.run(
        [sys.executable, "-c", command, *ends],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert f"needs {package}, which is not installed" in done.stderr
    assert "requirements-archive.txt" in done.stderr
    assert done.stderr.count("\n") == 1
