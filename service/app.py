"""The composition root: builds every part once and wires them into a Flask app."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from flask import Flask

from model import artifact as artifacts
from model.artifact import Artifact, BrokenArtifact
from model.judge import Judge
from model.lexicon.matcher import load_lexicon
from service import cli
from service.api import (
    docs,
    erasing,
    events,
    express,
    feedback,
    health,
    hooks,
    routes,
)
from service.api.answers import decision_answer
from service.api.openapi import document
from service.api.shapes import DecisionAnswer
from service.auth import Door
from service.compat import akismet, openai
from service.compat.coral import routes as coral
from service.compat.perspective import routes as perspective
from service.desk import pages
from service.domain import AUTOMATIC, Decision
from service.erasure import Erasure
from service.errors import ConfigurationError
from service.judging.bench import Bench
from service.judging.follower import Follower
from service.limiting.making import make_limiter
from service.logs import AccessLog, make_log, outline
from service.metrics import Metrics
from service.moderation import Moderation
from service.policy import make_policy
from service.reader import pages as reader
from service.reader.links import PATH, Links
from service.reader.visits import Visits
from service.readiness import Readiness
from service.review import Review
from service.sampling import Sampling
from service.services import NAME, Services
from service.settings import Settings, load_settings
from service.store.accounts import Accounts
from service.store.deliveries import Deliveries
from service.store.desk import Desk
from service.store.models import Models
from service.store.outbox import Outbox
from service.store.overview import Overview
from service.store.reviews import Reviews
from service.store.shadows import Shadows
from service.store.signins import OwnPasswords, SignIns
from service.store.sites import Sites
from service.store.store import ANSWER_S, Store, open_store
from service.store.waiting import Queues
from service.telemetry.tracing import make_tracing
from service.watch import Watch

COMPAT = (perspective, openai, akismet, coral)
"""Other services' protocols."""
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
    for part in (
        routes,
        feedback,
        erasing,
        events,
        docs,
        reader,
        pages,
        *COMPAT,
        express,
        hooks,
    ):
        part.register(app)
    app.register_blueprint(health.bp)
    cli.register(app)
    return app


def build_services(settings: Settings) -> Services:
    """Build the parts that live as long as the process.

    Raises:
        ConfigurationError: the model cannot be served; the message says what to do.
    """
    make_judge = partial(Judge, load_lexicon())
    bench = _base(settings, make_judge)
    store = open_store(settings, answer_s=ANSWER_S)
    metrics = Metrics(model_version=bench.version)
    store.database.on_fault = metrics.database_error
    on_loss = partial(metrics.error, "log_errors")
    log = make_log(settings.log_level, on_loss=on_loss)

    def on_failure(error: Exception) -> None:
        metrics.error("judge_errors")
        log.error("judge failed", **outline(error))

    moderation = Moderation(
        bench,
        store,
        on_failure=on_failure,
        is_sample=Sampling(settings.sample_share, store.key_for).chooses,
    )
    accounts = Accounts(store.database)
    links = Links(settings.url, store.key_for)
    review = Review(
        Desk(store.database),
        Reviews(store.database),
        second_share=settings.second_share,
        text_hash=store.text_hash,
    )
    return Services(
        settings=settings,
        store=store,
        accounts=accounts,
        outbox=Outbox(store.database),
        deliveries=Deliveries(store.database),
        door=Door(accounts, SignIns(store), at_once=max(1, settings.threads // 2)),
        own_door=Door(
            accounts, OwnPasswords(store), at_once=max(1, settings.threads // 4)
        ),
        limiter=make_limiter(settings, store, metrics, log),
        moderation=moderation,
        follower=Follower(
            moderation,
            Models(store.database),
            Shadows(store.database),
            base=partial(_load, settings.artifact),
            make_judge=make_judge,
            metrics=metrics,
            log=log,
        ),
        review=review,
        erasure=Erasure(store, settings.models_dir),
        links=links,
        visits=Visits(links, Sites(store.database), review),
        document=document(settings, (EXAMPLE, _example(bench, settings.url))),
        metrics=metrics,
        watch=Watch(Overview(store.database), Sites(store.database)),
        queues=Queues(store.database),
        readiness=Readiness(store, _folder(store, settings)),
        log=log,
        access=AccessLog(log, on_loss=on_loss),
        tracing=make_tracing(settings),
    )


def _base(settings: Settings, make_judge: Callable[[Artifact], Judge]) -> Bench:
    """The bench of the version that serves where none is promoted."""
    try:
        return Bench(make_judge(_load(settings.artifact)))
    except BrokenArtifact as error:
        raise ConfigurationError(f"The model cannot be served: {error}.") from error


def _folder(store: Store, settings: Settings) -> Path:
    """Where is written: an SQLite file's folder, for that may be another."""
    if store.database.is_sqlite:
        return Path(str(store.database.engine.url.database)).parent
    return settings.data_dir


def _load(folder: Path | None) -> Artifact:
    return artifacts.load(folder or artifacts.shipped())


def _example(bench: Bench, url: str) -> DecisionAnswer:
    """What a site with the model's own thresholds is answered about the example.

    But for its link, which is cut short: each database signs with a key of its own.
    """
    verdict = make_policy("default@1", bench.card).verdict(
        bench.shared.judge(EXAMPLE), model=bench.version
    )
    decision = Decision(verdict, AUTOMATIC, datetime.now(UTC), 1)
    return decision_answer("c-123", EXAMPLE, decision, appeal_url=f"{url}{PATH}…")
