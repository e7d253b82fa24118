"""Whether the process lives, whether it can give verdicts, and what it has counted.

No key is asked for: probes and Prometheus rarely have one, and nothing here names a
site or a comment.  Keep /metrics from the public in the proxy.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from flask import Blueprint, Response

from service.api.hooks import RETRY_AFTER_S
from service.api.problems import of_status, response
from service.api.routes import answer
from service.api.shapes import AliveAnswer, ReadyAnswer
from service.errors import StoreUnavailable
from service.logs import outline
from service.metrics import CONTENT_TYPE
from service.services import Services, services

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> Response:
    """Say that the process runs; nothing else is looked at."""
    status: AliveAnswer = {"status": "ok"}
    return answer(status)


@bp.get("/readyz")
def ready() -> Response:
    """Say whether the database answers and which model is loaded.

    Ready even where that is not the version it should be: another one judges, and to
    take the service away would have every comment wait.
    """
    parts = services()
    version, problem_of_model = parts.moderation.model_version, parts.follower.problem
    try:
        parts.store.ping()
    except StoreUnavailable as error:
        problem = of_status(503, "The database cannot be used.")
        problem["checks"] = {"store": str(error), "model": version}
        return response(problem, {"Retry-After": str(RETRY_AFTER_S)})
    status: ReadyAnswer = {"status": "ready", "store": "ok", "model": version}
    if problem_of_model:
        status["problem"] = problem_of_model
    return answer(status)


@bp.get("/metrics")
def metrics() -> Response:
    """Show the counts of all workers in Prometheus' text format."""
    parts = services()
    with suppress(StoreUnavailable):
        parts.metrics.webhooks(parts.outbox.backlog())
        _watch(parts)
    return Response(parts.metrics.exposition(), content_type=CONTENT_TYPE)


def _watch(parts: Services) -> None:
    """Note what is watched over weeks; a fault in that must not hide all counts."""
    try:
        watched = parts.watch.look(parts.moderation.card, datetime.now(UTC))
        if watched is not None:
            parts.metrics.watched(watched)
    except StoreUnavailable:
        raise
    except Exception as error:
        parts.metrics.error("watch_errors")
        parts.log.error("watching failed", **outline(error))
