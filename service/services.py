"""The long-lived parts that `create_app` wires up, and how requests find them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from flask import current_app
from structlog.typing import FilteringBoundLogger

from service.auth import Door
from service.erasure import Erasure
from service.judging.follower import Follower
from service.limiting.limiter import Limiter
from service.logs import AccessLog
from service.metrics import Metrics
from service.moderation import Moderation
from service.reader.links import Links
from service.reader.visits import Visits
from service.readiness import Readiness
from service.review import Review
from service.settings import Settings
from service.store.accounts import Accounts
from service.store.deliveries import Deliveries
from service.store.outbox import Outbox
from service.store.store import Store
from service.store.waiting import Queues
from service.telemetry.tracing import Tracing
from service.watch import Watch

NAME = "refrain"


@dataclass(frozen=True, slots=True)
class Services:
    """One of each per process; all are safe for threads."""

    settings: Settings
    store: Store
    moderation: Moderation
    follower: Follower
    review: Review
    erasure: Erasure
    links: Links
    visits: Visits
    accounts: Accounts
    outbox: Outbox
    deliveries: Deliveries
    door: Door
    own_door: Door
    limiter: Limiter | None
    document: Mapping[str, Any]
    metrics: Metrics
    watch: Watch
    queues: Queues
    readiness: Readiness
    log: FilteringBoundLogger
    access: AccessLog
    tracing: Tracing | None


def services() -> Services:
    """The parts of the running app."""
    return cast(Services, current_app.extensions[NAME])
