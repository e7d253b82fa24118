"""Published clients of the services that Refrain stands in for, and how each fares.

The table in README.md is written from here by `make readme`.  What a row promises, the
tests show that bear its mark: `@pytest.mark.client(NAME, registry=REGISTRY)`, which
fails a test that does not run the client (tests/fixtures_published.py).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINS = ROOT / "requirements-dev.txt"
LOCK = ROOT / "tests" / "clients" / "package-lock.json"
BEGIN, END = "<!-- clients: `make readme` writes these lines -->", "<!-- /clients -->"
BLOCK = re.compile(f"(?<={re.escape(BEGIN)}\n).*?(?={re.escape(END)})", re.DOTALL)

PYPI, NPM = "PyPI", "npm"
CALLS = "calls"
"""In place of a registry: a program whose calls the tests make byte for byte."""
CORAL = "9.11.8"
"""The version of Coral whose calls are made."""


class Works(StrEnum):
    """What somebody has to do who uses a client already."""

    UNCHANGED = "works unchanged"
    SETTING = "needs one setting"
    CANNOT = "cannot"


@dataclass(frozen=True, slots=True)
class Client:
    """A client, how it fares, and what to enter in it; Markdown."""

    name: str
    registry: str
    protocol: str
    works: Works
    enter: str

    @property
    def version(self) -> str:
        """The version that the tests run.

        Raises:
            KeyError: no file pins it.
        """
        if self.registry == CALLS:
            return CORAL
        return (pypi_versions() if self.registry == PYPI else npm_versions())[self.name]

    @property
    def shown(self) -> str:
        """What the table calls it."""
        if self.registry == CALLS:
            return f"Coral {self.version}, {self.name}"
        return f"`{self.name}` {self.version} ({self.registry})"


@dataclass(frozen=True, slots=True)
class Others:
    """Clients that nothing can be entered in.  None of them was run."""

    names: str
    protocol: str


PERSPECTIVE, OPENAI, AKISMET = (
    f"[{name}](docs/{name.lower()}.md)" for name in ("Perspective", "OpenAI", "Akismet")
)
PHASE = "[Coral's phase](docs/coral.md)"
DISCOVERY = "discovery URL `https://…/$discovery/rest?version=v1alpha1`"

CLIENTS = (
    Client(
        "toxic comment filter",
        CALLS,
        PERSPECTIVE,
        Works.SETTING,
        "Custom endpoint: `https://…/v1alpha1`",
    ),
    Client(
        "google-api-python-client",
        PYPI,
        PERSPECTIVE,
        Works.SETTING,
        f"{DISCOVERY}, `static_discovery=False`",
    ),
    Client("googleapis-common", NPM, PERSPECTIVE, Works.SETTING, DISCOVERY),
    Client(
        "perspective",
        PYPI,
        PERSPECTIVE,
        Works.SETTING,
        "`client.api_client.url`: `https://…/v1alpha1/{endpoint}`",
    ),
    Client(
        "PyPerspective",
        PYPI,
        PERSPECTIVE,
        Works.SETTING,
        "the module's `base_url`: `https://…/v1alpha1/comments:analyze`",
    ),
    Others(
        "`perspectiveapi`, `perspective-py`, `begentle`, `pyspective` (PyPI), "
        "`perspective-api-client` (npm), Discourse's plug-in",
        PERSPECTIVE,
    ),
    Client(
        "external moderation phase",
        CALLS,
        PHASE,
        Works.SETTING,
        "a phase with `https://…/coral/moderate`",
    ),
    Client(
        "openai",
        PYPI,
        OPENAI,
        Works.UNCHANGED,
        "environment: `OPENAI_BASE_URL=https://…/v1`, `OPENAI_API_KEY`",
    ),
    Client("openai", NPM, OPENAI, Works.UNCHANGED, "the same"),
    Others("Comentario, Coop", OPENAI),
    Client(
        "akismet",
        PYPI,
        AKISMET,
        Works.SETTING,
        "an argument, `http_client=`, with a transport class that sends here",
    ),
    Client(
        "@cedx/akismet",
        NPM,
        AKISMET,
        Works.SETTING,
        "`baseUrl`: `https://…`",
    ),
    Client(
        "akismet",
        NPM,
        AKISMET,
        Works.SETTING,
        "three settings, `host`, `endPoint` and `port`, and the key as a field of each "
        "comment",
    ),
    Others(
        "WordPress' and Discourse's plug-ins, `akismet-async` (PyPI)",
        AKISMET,
    ),
)


def pypi_versions() -> dict[str, str]:
    """The versions that requirements-dev.txt pins."""
    found = re.findall(r"^([\w.-]+)==(\S+)$", PINS.read_text(), re.MULTILINE)
    return dict(found)


def npm_versions() -> dict[str, str]:
    """The versions that package-lock.json pins."""
    packages = json.loads(LOCK.read_text())["packages"]
    prefix = "node_modules/"
    return {
        name.removeprefix(prefix): str(package["version"])
        for name, package in packages.items()
        if name.startswith(prefix)
    }


def table() -> str:
    """The table, in Markdown."""
    rows = [
        (client.shown, client.protocol, client.works.value, client.enter)
        if isinstance(client, Client)
        else (
            client.names,
            client.protocol,
            Works.CANNOT.value,
            "the address is fixed in their code (not run)",
        )
        for client in CLIENTS
    ]
    head = [("client", "speaks", "how", "what to enter"), ("---",) * 4]
    return "".join(f"| {' | '.join(row)} |\n" for row in [*head, *rows])


def renewed(readme: str) -> str:
    """The README with this table between its marks."""
    return BLOCK.sub(lambda _: table(), readme, count=1)
