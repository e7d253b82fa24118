"""Imports go one way: a module may import only modules named before it here."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ORDER = [
    "model.finding",
    "model.lookalikes",
    "model.text",
    "model.lexicon.common",
    "model.lexicon.shapes",
    "model.lexicon.entries",
    "model.lexicon.inflection",
    "model.lexicon.variants",
    "model.lexicon.compiled",
    "model.lexicon.glued",
    "model.lexicon.disguise",
    "model.lexicon.revealed",
    "model.lexicon.spacing",
    "model.lexicon.chunks",
    "model.lexicon.overlaps",
    "model.lexicon.views",
    "model.lexicon.matcher",
    "model.lexicon.own",
    "model.lexicon.names",
    "model.contacts.text",
    "model.contacts.plan",
    "model.contacts.context",
    "model.contacts.phone",
    "model.contacts.email",
    "model.contacts.address",
    "model.contacts.finder",
    "model.artifact",
    "model.features",
    "model.classifier",
    "model.judge",
    "model.evasion",
    "model.dataset",
    "model.corpora",
    "model.newscomments",
    "model.evaluation",
    "model.figures",
    "model.measuring",
    "model.regression",
    "model.pipeline",
    "model.training",
    "model.retrain",
    "model.labelled",
    "model.examination",
    "model.report",
    "model.evaluate",
    "service.errors",
    "service.compact",
    "service.alike",
    "service.domain",
    "service.settings",
    "service.network",
    "service.posting",
    "service.wording",
    "service.notices",
    "service.own",
    "service.reader_wording",
    "service.grounds",
    "service.policy",
    "service.store.policies",
    "service.store.records",
    "service.store.schema",
    "service.store.database",
    "service.store.together",
    "service.store.migrate",
    "service.store.sites",
    "service.policy_changes",
    "service.store.past",
    "service.trial",
    "service.preview",
    "service.store.outbox",
    "service.store.endpoints",
    "service.store.deliveries",
    "service.store.ledger",
    "service.store.store",
    "service.store.accounts",
    "service.store.signins",
    "service.store.cases",
    "service.store.lists",
    "service.store.cards",
    "service.store.held",
    "service.store.changes",
    "service.store.reviews",
    "service.store.desk",
    "service.store.tallies",
    "service.store.opinions",
    "service.store.counting",
    "service.store.overview",
    "service.deciding",
    "service.review",
    "service.links",
    "service.visits",
    "service.auth",
    "service.first_start",
    "service.judges",
    "service.moderation",
    "service.logs",
    "service.metrics",
    "service.api.problems",
    "service.api.parsing",
    "service.api.feedback_parsing",
    "service.api.paging",
    "service.api.shapes",
    "service.api.feedback_shapes",
    "service.api.event_answers",
    "service.api.answers",
    "service.statements",
    "service.api.operations",
    "service.api.openapi",
    "service.services",
    "service.api.reading",
    "service.api.hooks",
    "service.api.routes",
    "service.api.feedback",
    "service.api.events",
    "service.api.express",
    "service.api.health",
    "service.api.docs",
    "service.desk.paths",
    "service.desk.session",
    "service.desk.errors",
    "service.desk.sign_in",
    "service.desk.accounts",
    "service.desk.marking",
    "service.reader",
    "service.desk.moments",
    "service.desk.filters",
    "service.desk.differences",
    "service.desk.cards",
    "service.desk.forms",
    "service.desk.undoing",
    "service.desk.listing",
    "service.desk.queue",
    "service.desk.lists",
    "service.desk.cases",
    "service.desk.deciding",
    "service.desk.figures",
    "service.desk.scales",
    "service.desk.charts",
    "service.desk.numbers",
    "service.desk.agreement",
    "service.desk.periods",
    "service.desk.measures",
    "service.desk.plots",
    "service.desk.overview",
    "service.desk.rule_forms",
    "service.desk.trials",
    "service.desk.rule_views",
    "service.desk.rules",
    "service.desk.pages",
    "service.archive.rows",
    "service.archive.streams",
    "service.archive.__main__",
    "service.webhooks",
    "service.command",
    "service.account_commands",
    "service.webhook_commands",
    "service.rule_commands",
    "service.cli",
    "service.app",
    "service.check",
    "service.worker",
    "service.run",
    "service.gunicorn_conf",
]
ROOT = Path(__file__).parent.parent
MIGRATIONS = ROOT / "service" / "store" / "migrations"
"""Scripts that only Alembic runs."""


def imported(module: str) -> set[str]:
    """Our modules that this one imports, wherever in its file."""
    tree = ast.parse(Path(ROOT, *module.split(".")).with_suffix(".py").read_text())
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {
                node.module or ""
            }
    return names & set(ORDER)


@pytest.mark.parametrize("module", ORDER)
def test_imports_point_down(module: str) -> None:
    assert imported(module) <= set(ORDER[: ORDER.index(module)])


def test_every_module_has_its_place() -> None:
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for top in ("model", "service")
        for path in (ROOT / top).rglob("*.py")
        if path.stem != "__init__" and MIGRATIONS not in path.parents
    }

    assert files == set(ORDER)


def test_a_package_imports_nothing_by_itself() -> None:
    inits = [
        path
        for top in ("model", "service", "tests")
        for path in (ROOT / top).rglob("__init__.py")
    ]

    assert inits
    assert all(path.read_text() == "" for path in inits)
