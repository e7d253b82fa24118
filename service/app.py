"""The composition root: builds every part once and wires them into a Flask app."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from flask import Flask

from model.artifact import BrokenArtifact
from model.judge import Judge, load_judge
from service import cli
from service.api import docs, express, health, hooks, routes
from service.api.answers import decision_answer
from service.api.openapi import document
from service.api.shapes import DecisionAnswer
from service.domain import AUTOMATIC, Decision
from service.errors import ConfigurationError
from service.logs import make_log, outline
from service.metrics import Metrics
from service.moderation import Moderation
from service.policy import make_policy
from service.services import NAME, Services
from service.settings import Settings, load_settings
from service.store.store import open_store

EXAMPLE = "What the fuck is wrong with this world."
"""Judged at every start, so that the documentation shows a true answer."""


def create_app(settings: Settings | None = None) -> Flask:
    """Build the app; with None, from the environment's settings.

    The database is not touched yet: `service.worker` looks before it serves, and the
    commands have to work before there is one.

    Raises:
        ConfigurationError: a setting is wrong or the model cannot be served; the
            message says what to do.
    """
    settings = settings or load_settings(os.environ)
    app = Flask("service")
    # Only what is documented: no answer to OPTIONS that no site asks for.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions[NAME] = build_services(settings)
    # The last one is the outermost: it notes what the lane past Flask answers, too.
    for part in (routes, docs, express, hooks):
        part.register(app)
    app.register_blueprint(health.bp)
    cli.register(app)
    return app


def build_services(settings: Settings) -> Services:
    """Build the parts that live as long as the process.

    Raises:
        ConfigurationError: the model cannot be served; the message says what to do.
    """
    judge = _judge(settings)
    store = open_store(settings)
    log = make_log(settings.log_level)
    metrics = Metrics(model_version=judge.model_version)

    def on_failure(error: Exception) -> None:
        metrics.error("judge_errors")
        log.error("judge failed", **outline(error))

    return Services(
        settings=settings,
        store=store,
        moderation=Moderation(judge, store, on_failure=on_failure),
        model_card=judge.card,
        document=document(settings, (EXAMPLE, _example(judge))),
        metrics=metrics,
        log=log,
    )


def _judge(settings: Settings) -> Judge:
    try:
        return load_judge(settings.artifact)
    except BrokenArtifact as error:
        raise ConfigurationError(f"The model cannot be served: {error}.") from error


def _example(judge: Judge) -> DecisionAnswer:
    """What a site with the model's own thresholds is answered about the example."""
    verdict = make_policy("default@1", judge.card).verdict(
        judge.judge(EXAMPLE), model=judge.model_version
    )
    decision = Decision(verdict, AUTOMATIC, datetime.now(UTC), 1)
    return decision_answer("c-123", EXAMPLE, decision)
