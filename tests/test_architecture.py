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
    "model.verdicts",
    "model.evasion",
    "model.dataset",
    "model.drift",
    "model.tables",
    "model.corpora",
    "model.sources",
    "model.download",
    "model.fetch",
    "model.newscomments",
    "model.evaluation",
    "model.bootstrap",
    "model.suite",
    "model.labels",
    "model.holdout",
    "model.gate",
    "model.examination",
    "model.page",
    "model.plots",
    "model.report",
    "model.changes",
    "model.comparison",
    "model.figures",
    "model.measuring",
    "model.regression",
    "model.pipeline",
    "model.training",
    "model.lessons",
    "model.full",
    "model.vocabulary",
    "model.targets",
    "model.correction",
    "model.abstention",
    "model.adapt",
    "model.learn",
    "model.retrain",
    "model.labelled",
    "model.evaluate",
    "service.errors",
    "service.compact",
    "service.alike",
    "service.domain",
    "service.settings",
    "service.webhooks.network",
    "service.webhooks.posting",
    "service.wording",
    "service.notices",
    "service.rules.own",
    "service.reader.wording",
    "service.reader.grounds",
    "service.policy",
    "service.store.policies",
    "service.store.records",
    "service.store.schema",
    "service.store.database",
    "service.store.versions",
    "service.store.shadows",
    "service.store.models",
    "service.store.together",
    "service.store.migrate",
    "service.store.sites",
    "service.rules.changes",
    "service.store.past",
    "service.rules.trial",
    "service.rules.preview",
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
    "service.store.complaints",
    "service.store.desk",
    "service.store.tallies",
    "service.store.opinions",
    "service.store.entries",
    "service.store.labelling",
    "service.store.labels",
    "service.contradictions",
    "service.store.counting",
    "service.store.overview",
    "service.watch",
    "service.deciding",
    "service.store.pace",
    "service.review",
    "service.reader.links",
    "service.reader.visits",
    "service.auth",
    "service.first_start",
    "service.rules.judges",
    "service.judging.bench",
    "service.judging.shadow",
    "service.judging.replay",
    "service.sampling",
    "service.moderation",
    "service.logs",
    "service.memory",
    "service.metrics",
    "service.judging.follower",
    "service.api.problems",
    "service.api.parsing",
    "service.api.feedback_parsing",
    "service.api.paging",
    "service.api.shapes",
    "service.api.feedback_shapes",
    "service.api.event_answers",
    "service.api.answers",
    "service.reader.statements",
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
    "service.compat.keys",
    "service.compat.scores",
    "service.compat.taught",
    "service.compat.forms",
    "service.compat.failing",
    "service.compat.usage",
    "service.compat.openai",
    "service.compat.akismet",
    "service.desk.paths",
    "service.desk.session",
    "service.desk.errors",
    "service.desk.sign_in",
    "service.desk.accounts",
    "service.desk.marking",
    "service.reader.pages",
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
    "service.desk.overview.figures",
    "service.desk.overview.scales",
    "service.desk.overview.charts",
    "service.desk.overview.numbers",
    "service.desk.overview.agreement",
    "service.desk.overview.periods",
    "service.desk.overview.measures",
    "service.desk.overview.sections",
    "service.desk.overview.views",
    "service.desk.overview.plots",
    "service.desk.overview.drifting",
    "service.desk.overview.page",
    "service.desk.rules.forms",
    "service.desk.rules.trials",
    "service.desk.rules.views",
    "service.desk.rules.page",
    "service.desk.pages",
    "service.archive.rows",
    "service.archive.streams",
    "service.archive.__main__",
    "service.webhooks.deliverer",
    "service.commands.common",
    "service.commands.accounts",
    "service.commands.webhooks",
    "service.commands.rules",
    "service.commands.models",
    "service.commands.labels",
    "service.commands.learning",
    "service.commands.replay_report",
    "service.commands.replay",
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
