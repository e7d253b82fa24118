"""Where fixtures come from, in the order of their imports, and who runs the tests."""

from __future__ import annotations

import os

import pytest

pytest_plugins = [
    "tests.fixtures_store",
    "tests.fixtures_service",
    "tests.fixtures_clients",
    "tests.fixtures_published",
    "tests.fixtures_perspective",
    "tests.fixtures_coral",
    "tests.fixtures_desk",
    "tests.fixtures_browser",
    "tests.reviewing",
    "tests.promoting",
    "tests.reader_page",
    "tests.stored_versions",
    "tests.house",
]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are processors: tests wait a third of their time.

    For servers of their own to start and to end, and for what takes a while by promise.
    """
    return (os.cpu_count() or 1) + 1
