"""The queries in deploy/ and what they ask for, read by a real parser of PromQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import promql_parser as promql

from tests.manifests import DEPLOY, read

ALERTS = DEPLOY / "prometheus" / "alerts.yml"
OF_PROMETHEUS = {"job", "instance"}
"""Labels that every sample has, whoever exposes it."""
VARIABLES = {"$__rate_interval": "5m", "$job": "refrain"}
"""What Grafana fills in."""


@dataclass(frozen=True, slots=True)
class Query:
    """An expression and where it stands."""

    name: str
    text: str

    def __str__(self) -> str:
        """The name, for the ids of tests."""
        return self.name


@cache
def dashboard() -> dict[str, Any]:
    """The dashboard."""
    found: dict[str, Any] = json.loads(
        (DEPLOY / "grafana" / "refrain.json").read_text()
    )
    return found


def panels() -> list[dict[str, Any]]:
    """Its panels, but the headings."""
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


@cache
def alerts() -> tuple[dict[str, Any], ...]:
    """Every rule of every group."""
    (document,) = read(ALERTS)
    return tuple(rule for group in document["groups"] for rule in group["rules"])


def queries() -> Iterator[Query]:
    """Every expression of the dashboard and of the alerts, variables filled in."""
    for rule in alerts():
        yield Query(rule["alert"], rule["expr"])
    for panel in panels():
        for target in panel["targets"]:
            text = target["expr"]
            for variable, value in VARIABLES.items():
                text = text.replace(variable, value)
            yield Query(f"{panel['title']} {target['refId']}", text)


def selectors(expression: promql.Expr) -> list[promql.VectorSelector]:
    """Every selection of series within an expression."""
    found: list[promql.VectorSelector] = []

    def visit(node: promql.Expr) -> bool:
        if isinstance(node, promql.VectorSelector):
            found.append(node)
        return True

    promql.walk(expression, visit)
    return found


def aggregations(expression: promql.Expr) -> list[promql.AggregateExpr]:
    """Every `sum by (…)` and its like within an expression, the outermost first."""
    found: list[promql.AggregateExpr] = []

    def visit(node: promql.Expr) -> bool:
        if isinstance(node, promql.AggregateExpr):
            found.append(node)
        return True

    promql.walk(expression, visit)
    return found


def kept(aggregation: promql.AggregateExpr) -> set[str]:
    """The labels that an aggregation keeps."""
    modifier = aggregation.modifier
    if modifier is None:
        return set()
    assert modifier.type == promql.AggModifierType.By
    return set(modifier.labels)
