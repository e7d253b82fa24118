"""Rate limits as HTTP has them: who is admitted, and what answers say of it.

The headers are those of the IETF's draft-ietf-httpapi-ratelimit-headers, version 10:

    RateLimit-Policy: "requests";q=600;w=60
    RateLimit: "requests";r=571;t=12
"""

from __future__ import annotations

from wsgiref.types import WSGIEnvironment

from service.errors import TooManyRequests
from service.limiting.limiter import MINUTE_S, Limiter, Standing

STANDING = "refrain.standing"
"""Where in the environment it is how the caller of a request stands."""
POLICY = '"requests"'


def admit(limiter: Limiter | None, environ: WSGIEnvironment, caller: bytes) -> None:
    """Count a request whose caller is known, unless there is no limit.

    Args:
        limiter: None where nothing is limited.
        environ: the request; its answer tells how the caller stands.
        caller: the hash of an API key, or what else tells callers apart.

    Raises:
        TooManyRequests: it is one too many.
    """
    if is_admitted(limiter, environ, caller):
        return
    standing: Standing = environ[STANDING]
    raise TooManyRequests(
        f"At most {standing.limit:,} requests a minute are answered. "
        f"Try again in {standing.reset_s} s.",
        standing.reset_s,
    )


def is_admitted(
    limiter: Limiter | None, environ: WSGIEnvironment, caller: bytes
) -> bool:
    """Do what `admit` does, for protocols in which nothing is refused."""
    if limiter is None:
        return True
    standing = environ[STANDING] = limiter.admit(caller)
    return standing.is_admitted


def caller_of(kind: str, number: int) -> bytes:
    """Who calls, where it is not known by an API key: no hash of a key is so short."""
    return f"{kind}:{number}".encode()


def headers(environ: WSGIEnvironment) -> list[tuple[str, str]]:
    """What an answer says of the limit; nothing where none was looked at."""
    standing: Standing | None = environ.get(STANDING)
    if standing is None:
        return []
    left = f"{POLICY};r={standing.remaining};t={standing.reset_s}"
    return [
        ("RateLimit-Policy", f"{POLICY};q={standing.limit};w={MINUTE_S}"),
        ("RateLimit", left),
    ]
