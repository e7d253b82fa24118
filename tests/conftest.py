"""Where the fixtures come from; the order is that of their imports."""

from __future__ import annotations

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
    "tests.house",
]
