"""Whether the process lives, whether it can do its work, and what it has counted.

No key is asked for: probes and Prometheus rarely have one, and nothing here names a
site or a comment.  Keep /metrics from the public in the proxy.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import cast

from flask import Blueprint, Response

from service.api.hooks import RETRY_AFTER_S
from service.api.problems import CheckAnswer, of_status, response
from service.api.routes import answer
from service.api.shapes import AliveAnswer, ReadyAnswer
from service.errors import StoreUnavailable
from service.logs import outline
from service.metrics import CONTENT_TYPE
from service.readiness import Check, Status
from service.services import Services, services

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> Response:
    """Say that the process runs; nothing else is looked at."""
    status: AliveAnswer = {"status": "ok"}
    return answer(status)


@bp.get("/readyz")
def ready() -> Response:
    """Say whether the service can do its work, and what is wrong, by name.

    Ready even where the version is not the one that should judge: another one does, and
    to take the service away would have every comment wait.
    """
    parts = services()
    checks = parts.readiness.checks(parts.moderation, parts.follower)
    failed = [check for check in checks if check.status is Status.FAILED]
    for check in failed:
        parts.metrics.check_failed(check.name)
    shown = [check_answer(check) for check in checks]
    if failed:
        # One fault may fail two checks.
        said = dict.fromkeys(check.detail for check in failed)
        problem = of_status(503, " ".join(said))
        problem["checks"] = shown
        return response(problem, {"Retry-After": str(RETRY_AFTER_S)})
    version = parts.moderation.model_version
    status: ReadyAnswer = {
        "status": "ready",
        "store": "ok",
        "model": version,
        "checks": shown,
    }
    if parts.follower.problem:
        status["problem"] = parts.follower.problem
    return answer(status)


def check_answer(check: Check) -> CheckAnswer:
    """A check as it is shown."""
    shown = {"name": check.name, "status": check.status.value}
    if check.detail:
        shown["detail"] = check.detail
    return cast(CheckAnswer, shown)


@bp.get("/metrics")
def metrics() -> Response:
    """Show the counts of all workers in Prometheus' text format."""
    parts = services()
    with suppress(StoreUnavailable):
        now = datetime.now(UTC)
        since = parts.deliveries.unheard_since(now)
        oldest_s = max((now - since).total_seconds(), 0.0) if since else 0.0
        parts.metrics.webhooks(parts.outbox.backlog(), oldest_s)
        queues = parts.queues.look(now)
        if queues is not None:
            parts.metrics.queues(queues)
        _watch(parts)
    free = parts.readiness.free()
    if free is not None:
        parts.metrics.disk_free(free)
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
