"""What the image holds, shut in as the container is, and doing what it is there for.

Real, but for Docker, its base image and the container: see `tests/undocked.py`.  For
that one has to be root; elsewhere these tests are skipped.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from psycopg.conninfo import conninfo_to_dict

from service.store.database import open_database
from service.store.endpoints import Endpoints
from service.store.outbox import utc_now
from tests.collector import collecting
from tests.fixtures_service import ROOT
from tests.fixtures_store import created
from tests.manifests import TMP, compose, image
from tests.misbehaving import SECRET, receiving
from tests.namespaces import need_mounts
from tests.proxied import free_port
from tests.telling import tell
from tests.undocked import (
    Undocked,
    build,
    command,
    health,
    is_ignored,
    shut_in,
)

START_S = 60.0
PASSWORD = "s3cr3t-0f-ours"
FOUL = {"id": "c-1", "text": "What the fuck is wrong with this world."}
NOTHING: Mapping[str, str] = {}
ELSEWHERE = {"dask", "distributed", "opentelemetry", "pyarrow"}
"""What requirements-archive.txt and requirements-otel.txt bring."""


@dataclass(frozen=True, slots=True)
class Confined:
    """A process that is shut in: where it answers, and what it and others printed."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def printed(self) -> str:
        """All of it so far."""
        return self.log_file.read_text()

    def family(self) -> list[psutil.Process]:
        """Itself, and all that it has started."""
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]


@pytest.fixture(scope="session")
def undocked(tmp_path_factory: pytest.TempPathFactory) -> Undocked:
    """The image without extras."""
    need_mounts()
    return build(tmp_path_factory.mktemp("image") / "app")


@pytest.fixture(scope="session")
def with_traces(
    undocked: Undocked, tmp_path_factory: pytest.TempPathFactory
) -> Undocked:
    """The image with the extra `otel`."""
    app = tmp_path_factory.mktemp("image with traces") / "app"
    return build(app, undocked, EXTRAS="otel")


@contextmanager
def running(
    undocked: Undocked,
    folder: Path,
    command: Sequence[str],
    env: Mapping[str, str] = NOTHING,
    socket: Path | None = None,
) -> Iterator[Confined]:
    """Run something shut in until the block ends; its data is in `folder`/data."""
    (folder / "data").mkdir(exist_ok=True)
    port = free_port()
    env = {"PORT": str(port), "BIND": "127.0.0.1", **env}
    words, outside = shut_in(undocked, folder / "data", command, env, socket)
    log_file = folder / f"printed-{port}.log"
    with (
        log_file.open("wb") as stream,
        subprocess.Popen(words, env=outside, stdout=stream, stderr=stream) as process,
    ):
        try:
            yield Confined(f"http://127.0.0.1:{port}", process, log_file)
        finally:
            process.terminate()


def done(
    undocked: Undocked,
    folder: Path,
    command: Sequence[str],
    env: Mapping[str, str] = NOTHING,
    socket: Path | None = None,
) -> tuple[int, str]:
    """Run something shut in to its end: its status, and what it printed."""
    with running(undocked, folder, command, env, socket) as confined:
        status = confined.process.wait(START_S)
    return status, confined.printed


def wait_for(confined: Confined) -> None:
    """Wait until it is ready."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and confined.process.poll() is None:
        try:
            if httpx.get(f"{confined.url}/readyz", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(confined.printed)


def moderated(url: str, printed: str) -> httpx.Response:
    """Have a comment moderated with the key that `init` has printed."""
    key = re.search(r"API key +(\S+)", printed)
    assert key
    headers = {"Authorization": f"Bearer {key[1]}"}
    return httpx.post(f"{url}/v1/moderate", json=FOUL, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def confined(
    undocked: Undocked, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Confined]:
    """The container as `docker run` starts it."""
    folder = tmp_path_factory.mktemp("confined")
    with running(undocked, folder, command()) as confined:
        wait_for(confined)
        yield confined


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("requirements.lock", False),
        ("requirements-otel.lock", False),
        ("requirements-dev.lock", True),
        ("README.md", True),
        ("tests/undocked.py", True),
        ("service/app.py", False),
        ("service/store/migrations/versions/0001_first.py", False),
        ("service/__pycache__/app.cpython-311.pyc", True),
        ("service/app.pyc", True),
        ("model/candidates/2026-01-01-abcdef/card.json", True),
        ("var/model/card.json", True),
        (".git/config", True),
    ],
)
def test_what_is_ignored_is_told_as_docker_does(name: str, expected: bool) -> None:
    assert is_ignored(name) is expected


def test_it_holds_the_service_compiled_and_nothing_else(undocked: Undocked) -> None:
    modules = {it.relative_to(undocked.app) for it in undocked.app.rglob("*.py")}
    compiled = {it.relative_to(undocked.app) for it in undocked.app.rglob("*.pyc")}

    assert {it.name for it in undocked.app.iterdir()} == {"model", "service"}
    assert {it for it in modules if not (ROOT / it).is_file()} == set()
    assert len(compiled) == len(modules) > 100
    assert Path("service/app.py") in modules


IMPORTING = f"""
import importlib, pathlib
for file in sorted(pathlib.Path().rglob("*.py")):
    name = str(file.with_suffix("")).replace("/", ".").removesuffix(".__init__")
    if not name.startswith("service.store.migrations.") and "gunicorn_conf" not in name:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name.partition(".")[0] not in {ELSEWHERE!r}:
                raise
print("all")
"""


def test_every_module_finds_what_it_imports(undocked: Undocked, tmp_path: Path) -> None:
    status, printed = done(undocked, tmp_path, ["python", "-c", IMPORTING])

    assert (status, printed) == (0, "all\n")


def test_it_starts_and_moderates_where_it_may_write_to_its_data_only(
    confined: Confined,
) -> None:
    answer = moderated(confined.url, confined.printed)

    assert answer.json()["decision"] == "reject"
    assert "refrain_requests_total" in httpx.get(f"{confined.url}/metrics").text
    data = confined.log_file.parent / "data" / "refrain.db"
    assert data.stat().st_uid == image().user


def test_it_can_write_nowhere_else(undocked: Undocked, tmp_path: Path) -> None:
    places = ["/mnt/app", "/mnt/opt/venv", "/mnt/base", "/mnt", "/etc", "/usr"]
    files = [f"{place}/written" for place in places]

    _, printed = done(undocked, tmp_path, ["touch", *files, f"{TMP}/w", "/mnt/data/w"])

    assert printed.count("Read-only file system") == len(files)
    assert len(printed.splitlines()) == len(files)


def test_it_says_that_it_is_healthy(
    undocked: Undocked, confined: Confined, tmp_path: Path
) -> None:
    port = str(httpx.URL(confined.url).port)

    assert done(undocked, tmp_path, health(), {"PORT": port}) == (0, "")
    assert done(undocked, tmp_path, health(), {"PORT": str(free_port())})[0] == 1


def test_no_process_of_it_has_rights(confined: Confined) -> None:
    assert_shut(confined, 5)  # `service.run`, gunicorn, two workers, the deliverer.


def assert_shut(confined: Confined, processes: int) -> None:
    """Check every process of it, in /proc, and what `ps` shows of it."""
    family = confined.family()
    assert len(family) == processes, family
    for process in family:
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert set(status["Uid"].split()) == {str(image().user)}
        assert set(status["Gid"].split()) == {str(image().user)}
        assert status["Groups"].strip() == ""
        assert {int(status[f"Cap{name}"], 16) for name in ("Eff", "Prm", "Bnd")} == {0}
        assert status["NoNewPrivs"] == "1"
        words = " ".join(process.cmdline())
        assert not re.search(rf"{PASSWORD}|rf_\w{{20}}|whsec_|://", words)


def as_composed(name: str) -> list[str]:
    """The command of a service of compose.yaml; those of Kubernetes are the same."""
    words: list[str] = compose()["services"][name]["command"]
    return words


def test_it_migrates_serves_and_delivers_on_postgresql_as_it_is_deployed(
    undocked: Undocked, tmp_path: Path, postgresql: str
) -> None:
    with created(postgresql, "template1") as url, ExitStack() as stack:
        plain = conninfo_to_dict(url.replace("+psycopg", ""))
        socket = next(Path(str(plain["host"])).glob(".s.PGSQL.*[0-9]"))
        given = {
            "DATABASE_URL": f"postgresql://{plain['user']}:{PASSWORD}@/"
            f"{plain['dbname']}?host=/mnt/socket&port={socket.suffix[1:]}",
            "REFRAIN_PRIVATE_WEBHOOKS": "yes",
            # Where nobody is: it starts, and counts in the database.
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "REFRAIN_RATE_LIMIT": "600",
        }

        assert done(undocked, tmp_path, as_composed("migrate"), given, socket)[0] == 0
        init = ["flask", "--app", "service.cli", "init"]
        status, printed = done(undocked, tmp_path, init, given, socket)
        assert status == 0, printed
        service, deliverer = (
            stack.enter_context(
                running(undocked, tmp_path, as_composed(name), given, socket)
            )
            for name in ("service-1", "webhooks")
        )
        wait_for(service)
        assert moderated(service.url, printed).json()["decision"] == "reject"

        database = open_database(url)
        stack.callback(database.close)
        receiver = stack.enter_context(receiving())
        Endpoints(database).add("default", receiver.url, SECRET, utc_now())
        tell(database, "c-2", utc_now())
        receiver.wait_for(1)

        assert receiver.comments == ["c-2"]
        assert_shut(service, 3)
        assert_shut(deliverer, 1)


def test_without_the_extra_traces_stop_the_start_and_it_says_what_to_do(
    undocked: Undocked, tmp_path: Path
) -> None:
    to = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}

    status, printed = done(undocked, tmp_path, as_composed("service-1"), to)

    assert status != 0
    assert "--build-arg EXTRAS=otel" in printed


def test_with_the_extra_it_sends_traces(with_traces: Undocked, tmp_path: Path) -> None:
    with collecting() as collector:
        to = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "50",
        }
        with running(with_traces, tmp_path, command(), to) as confined:
            wait_for(confined)
            answer = moderated(confined.url, confined.printed)

            assert answer.json()["decision"] == "reject"
            names = {span.name for span in collector.wait_for("POST /v1/moderate")}

    assert {"judge", "store"} <= names
    assert {it.name for it in with_traces.app.iterdir()} == {"model", "service"}
