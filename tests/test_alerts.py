"""Dashboard and alerts ask for what the service exposes, and fire when they should."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from datetime import timedelta
from itertools import combinations
from typing import Any

import httpx
import promql_parser as promql
import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from service.domain import Waiting
from service.errors import Fault
from service.metrics import SECONDS, Metrics
from service.store.outbox import Backlog
from service.store.tallies import Samples
from service.store.waiting import Waits
from service.watch import Drift, Watched
from tests.fixtures_service import Server
from tests.fixtures_store import KEY
from tests.manifests import DEPLOY, read
from tests.promql import (
    ALERTS,
    OF_PROMETHEUS,
    Query,
    aggregations,
    alerts,
    dashboard,
    kept,
    panels,
    queries,
    selectors,
)
from tests.samples import ABSTAINED, ACCEPTED, REJECTED

PROMETHEUS = DEPLOY / "prometheus"
HOW_TO_GET_PROMTOOL = "Needs promtool, which comes with Prometheus."
PATIENCE_S = 20.0
OWN = {"up"}
"""Series that Prometheus makes itself."""
NOT_YET = {
    "refrain_check_failures_total",
    "refrain_database_errors_total",
    "refrain_shadow_total",
}
"""What a service exposes from the first time on that it has something to say of it."""
FUNCTIONS = {"humanize", "humanizePercentage", "humanizeDuration", "printf"}

Exposed = dict[str, dict[str, set[str]]]


def exposed(text: str) -> Exposed:
    """The names of samples in an exposition, with their labels and those's values."""
    found: Exposed = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return found


@pytest.fixture(scope="module")
def all_there_is() -> Exposed:
    """What a process exposes that has met everything once."""
    metrics = Metrics(model_version="2026-01-01-abcdef")
    metrics.request("/v1/moderate", 200, 0.01)
    for verdict in (ACCEPTED, REJECTED, ABSTAINED):
        metrics.verdict(verdict)
    metrics.shadow("same")
    metrics.webhooks(Backlog(1, 1), 1.0)
    metrics.watched(Watched(Samples(), Drift()))
    metrics.database_error(Fault.LOCKED)
    metrics.check_failed("database")
    metrics.queues({waiting: Waits(1, 1.0) for waiting in Waiting})
    return exposed(metrics.exposition().decode())


@pytest.fixture(scope="module")
def running(server: Server) -> set[str]:
    """The names of what a real server exposes after a comment was rejected."""
    headers = {"Authorization": f"Bearer {KEY}"}
    text = {"text": "What the fuck is wrong with this world."}
    httpx.post(f"{server.url}/v1/moderate", json=text, headers=headers, timeout=30)
    wanted = {it.name or "" for query in QUERIES for it in selectors_of(query)}
    deadline = time.monotonic() + PATIENCE_S
    while True:
        names = {*exposed(httpx.get(f"{server.url}/metrics", timeout=30).text)}
        if wanted - OWN - NOT_YET <= names or time.monotonic() > deadline:
            return names
        time.sleep(0.2)


QUERIES = list(queries())


def selectors_of(query: Query) -> list[promql.VectorSelector]:
    return selectors(promql.parse(query.text))


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_what_a_query_asks_for_is_exposed_by_a_running_service(
    query: Query, running: set[str]
) -> None:
    asked = {it.name for it in selectors_of(query)}

    assert asked
    assert asked <= running | OWN | NOT_YET


def test_what_is_not_yet_exposed_is_so_once_it_happens(all_there_is: Exposed) -> None:
    assert all_there_is.keys() >= NOT_YET


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_query_goes_by_labels_and_values_that_there_are(
    query: Query, app: Flask, all_there_is: Exposed
) -> None:
    routes = {rule.rule for rule in app.url_map.iter_rules()}
    expression = promql.parse(query.text)
    for selector in selectors(expression):
        there = all_there_is.get(selector.name or "", {})
        for matcher in selector.matchers.matchers:
            if matcher.name in OF_PROMETHEUS:
                continue
            assert matcher.name in there
            if matcher.name == "route":
                assert set(matcher.value.split("|")) <= routes
            elif matcher.name != "status":
                assert set(matcher.value.split("|")) <= there[matcher.name]

    for aggregation in aggregations(expression):
        known = set(OF_PROMETHEUS)
        for selector in selectors(aggregation.expr):
            known |= all_there_is.get(selector.name or "", {}).keys()
        assert kept(aggregation) <= known


def test_a_misspelt_name_or_query_would_be_noticed(all_there_is: Exposed) -> None:
    (selector,) = selectors(promql.parse("rate(refrain_request_total[5m])"))
    assert selector.name not in all_there_is

    with pytest.raises(ValueError, match="parenthesis"):
        promql.parse("sum by (job (up)")


# --- The rules, as promtool checks them


def test_the_file_of_rules_has_the_form_that_prometheus_reads() -> None:
    (document,) = read(ALERTS)

    assert document.keys() == {"groups"}
    names = [group["name"] for group in document["groups"]]
    assert len(names) == len(set(names))
    assert all(group.keys() == {"name", "rules"} for group in document["groups"])
    every = [rule["alert"] for rule in alerts()]
    assert len(every) == len(set(every))


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: str(rule["alert"]))
def test_a_rule_is_whole_and_says_what_is_wrong(rule: dict[str, Any]) -> None:
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"Refrain[A-Z][A-Za-z]+", rule["alert"])
    assert rule["labels"] in ({"severity": "critical"}, {"severity": "warning"})
    assert rule["annotations"].keys() == {"summary", "description"}
    assert promql.parse_duration(rule.get("for", "1m")) >= timedelta(minutes=1)
    written = " ".join(rule["annotations"].values())
    for inner in re.findall(r"\{\{(.*?)\}\}", written):
        words = re.findall(r"(?<![$.\w\"%])[a-zA-Z]+(?![\w\"])", inner)
        assert {*words} <= FUNCTIONS
    assert not re.search(r"[{}]", re.sub(r"\{\{.*?\}\}", "", written))
    assert set(re.findall(r"\$labels\.(\w+)", written)) <= labels_of(rule["expr"])


def labels_of(expr: str) -> set[str]:
    """The labels that an alert has: those that its outermost aggregation keeps."""
    outermost = aggregations(promql.parse(expr))[:1]
    return kept(outermost[0]) if outermost else OF_PROMETHEUS


def test_slow_is_measured_and_not_guessed_between_two_buckets() -> None:
    (slow,) = (rule for rule in alerts() if rule["alert"] == "RefrainSlow")

    assert float(slow["expr"].split(">")[1]) in SECONDS


def test_every_alert_is_seen_to_fire() -> None:
    text = (PROMETHEUS / "alerts_test.yml").read_text()
    for rule in alerts():
        assert re.search(rf'alertname="{rule["alert"]}"', text) or re.search(
            rf"alertname: {rule['alert']}\n", text
        )


@pytest.mark.parametrize(
    "command",
    [
        ["check", "rules", "alerts.yml"],
        ["check", "config", "prometheus.yml"],
        ["test", "rules", "alerts_test.yml"],
    ],
    ids=" ".join,
)
def test_promtool_finds_nothing_wrong(command: list[str]) -> None:
    program = shutil.which("promtool")
    if program is None:
        if os.environ.get("CI") or os.environ.get("REQUIRE_PROMTOOL"):
            pytest.fail(HOW_TO_GET_PROMTOOL)
        pytest.skip(HOW_TO_GET_PROMTOOL)

    done = subprocess.run(
        [program, *command],
        cwd=PROMETHEUS,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


# --- The dashboard


def test_the_panels_lie_beside_each_other() -> None:
    every = dashboard()["panels"]
    cells = [
        {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        for at in (panel["gridPos"] for panel in every)
    ]

    assert all(one.isdisjoint(other) for one, other in combinations(cells, 2))
    assert max(x for cell in cells for x, _ in cell) < 24
    assert len({panel["id"] for panel in every}) == len(every)


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: str(panel["title"]))
def test_a_panel_has_a_unit_and_asks_the_chosen_source(panel: dict[str, Any]) -> None:
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    references = [target["refId"] for target in panel["targets"]]

    assert panel["type"] in {"timeseries", "stat"}
    assert panel["datasource"] == chosen
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert len(references) == len(set(references)) > 0
    for target in panel["targets"]:
        assert target["datasource"] == chosen
        assert 'job="$job"' in target["expr"]


def test_every_metric_has_its_place_on_the_dashboard(all_there_is: Exposed) -> None:
    shown = " ".join(query.text for query in QUERIES)
    families = {
        re.sub(r"_(bucket|sum|count|total|created)$", "", name) for name in all_there_is
    }

    missing = {family for family in families if family not in shown}
    assert missing == set(), "add a panel, or a line to one, in deploy/grafana"
