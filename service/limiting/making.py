"""The limiter that the settings ask for."""

from __future__ import annotations

from structlog.typing import FilteringBoundLogger

from service.errors import StoreUnavailable
from service.limiting.limiter import Count, Limiter
from service.metrics import Metrics
from service.settings import Settings
from service.store.limits import Limits
from service.store.store import Store


def make_limiter(
    settings: Settings, store: Store, metrics: Metrics, log: FilteringBoundLogger
) -> Limiter | None:
    """The limiter; None where nothing is limited.

    Raises:
        ConfigurationError: REDIS_URL is no URL of a server's.
    """
    if not settings.rate_limit:
        return None
    counts: dict[str, Count] = {}
    if settings.redis_url:
        # Here, because it takes 100 ms that others have no need of.
        from service.limiting.in_redis import RedisLimits

        counts["Redis"] = RedisLimits(settings.redis_url)
    counts["the database"] = Limits(store.database)

    def on_failure(name: str, error: StoreUnavailable) -> None:
        metrics.error("limit_errors")
        log.warning("rate limits cannot be counted", by=name, reason=str(error))

    return Limiter(
        settings.rate_limit, counts, secret=store.key_for, on_failure=on_failure
    )
