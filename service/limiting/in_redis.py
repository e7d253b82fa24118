"""What `service.store.limits` counts, counted in Redis.

Imported only where REDIS_URL is set.
"""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from service.errors import ConfigurationError, Fault, StoreUnavailable

PREFIX = b"refrain:limit:"
ANSWER_S = 0.25
"""How long a connection, or an answer, may take."""
KEEP_S = 180
"""How long a minute's count is kept: so far apart may the clocks of replicas be."""


class RedisLimits:
    """The counts.  Safe for threads; connects on first use."""

    def __init__(self, url: str) -> None:
        """Prepare for the server at a URL.

        Raises:
            ConfigurationError: it is none that redis-py knows; it is not shown.
        """
        try:
            # One that is gone is not asked again: there is another way to count.
            self._redis = Redis.from_url(
                url,
                socket_timeout=ANSWER_S,
                socket_connect_timeout=ANSWER_S,
                retry=Retry(NoBackoff(), 0),
            )
        except ValueError:
            raise ConfigurationError(
                "REDIS_URL must be a URL such as redis://HOST:6379/0."
            ) from None

    def count(self, subject: bytes, minute: int, requests: int) -> int:
        """Count a caller's requests; how many that makes in this minute.

        Raises:
            StoreUnavailable: Redis does not answer, or refuses.
        """
        key = PREFIX + subject.hex().encode() + b":%d" % minute
        try:
            with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.incrby(key, requests)
                pipeline.expire(key, KEEP_S)
                counted, _ = pipeline.execute()
        except RedisError as error:
            # Of the message nothing is passed on: it may name the address.
            kind = type(error).__name__
            raise StoreUnavailable(
                f"Redis cannot be used ({kind}).", Fault.UNREACHABLE
            ) from error
        return int(counted)

    def close(self) -> None:
        """Give back every connection."""
        self._redis.close()
