"""Tests with the mark `client` fail unless they run the client that it names.

Code of a package from PyPI has to be executed while the test runs; of one from npm, a
script of tests/clients that imports it.  Programs whose calls are made byte for byte
cannot be watched so.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Generator
from functools import cache
from importlib.metadata import files
from types import FrameType

import pytest

from tests.fixtures_clients import Scripts
from tests.published import CALLS, CLIENTS, NPM, PYPI, Client

HasRun = Callable[[], bool]


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    said = "client(name, *, registry): runs a published client; see tests/published.py"
    config.addinivalue_line("markers", said)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Function) -> Generator[None, object, object]:
    """Watch whether the clients run that a test names."""
    watched = {client: _watch(client, item) for client in clients_of(item)}
    try:
        outcome = yield
    finally:
        sys.setprofile(None)
    idle = [client.shown for client, has_run in watched.items() if not has_run()]
    if idle:
        pytest.fail(f"has a mark of a client that did not run: {', '.join(idle)}")
    return outcome


def clients_of(item: pytest.Item) -> list[Client]:
    """The clients that a test names."""
    known = {(c.name, c.registry): c for c in CLIENTS if isinstance(c, Client)}
    marks = item.iter_markers("client")
    return [known[mark.args[0], mark.kwargs["registry"]] for mark in marks]


def _watch(client: Client, item: pytest.Function) -> HasRun:
    if client.registry == PYPI:
        return _executed(sources(client.name))
    if client.registry == NPM:
        return _imported(client.name, item)
    if client.registry == CALLS:
        return lambda: True
    raise ValueError(client.registry)


@cache
def sources(distribution: str) -> frozenset[str]:
    """The Python files of a package, as their code objects name them."""
    found = (file for file in files(distribution) or () if file.suffix == ".py")
    return frozenset(str(file.locate()) for file in found)


def _executed(wanted: frozenset[str]) -> HasRun:
    """Watch this thread until a function from one of these files is called."""
    seen: list[str] = []

    def called(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename in wanted:
            seen.append(frame.f_code.co_name)
            sys.setprofile(None)

    sys.setprofile(called)
    return lambda: bool(seen)


def _imported(package: str, item: pytest.Function) -> HasRun:
    """Watch which scripts Node.js runs."""
    npm = item.funcargs["npm"]
    assert isinstance(npm, Scripts)
    before = len(npm.ran)
    pattern = re.compile(rf'^import .* from "{re.escape(package)}";$', re.MULTILINE)
    return lambda: any(
        pattern.search((npm.folder / name).read_text()) for name in npm.ran[before:]
    )
