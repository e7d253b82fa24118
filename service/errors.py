"""Errors this service raises on purpose.

RefrainError
├── ConfigurationError      a setting is missing or senseless: do not start
├── InvalidInput            the caller's request breaks the contract; names the field
│   ├── MalformedBody       the body is no JSON at all
│   └── DuplicateId         the same id came earlier in the batch
├── NotAuthenticated        no key, or a key that opens nothing
├── WrongSignature          no secret that is known here signs the body
├── NotAllowed              this account may not do that
├── TooManyAttempts         sign-in is locked for a while
├── TooManyRequests         a key has sent as many in a minute as it may
├── UnknownComment          no such comment on this site
├── UnknownAuthor           no such author on this site
├── StaleDecision           somebody else decided first
├── StalePolicy             somebody else changed the site's rules first
├── NotPossible             the comment, or the model, is in no state for that
└── StoreUnavailable        the database cannot be read or written just now

Nothing here knows HTTP: `service.api.problems.KINDS` is the table from error to status.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with a database, in a word, for those who count."""

    BUSY = "busy"
    DAMAGED = "damaged"
    DENIED = "denied"
    FULL = "full"
    IO = "io"
    LOCKED = "locked"
    MISSING = "missing"
    NEWER = "newer"
    OTHER = "other"
    READ_ONLY = "read-only"
    SCHEMA = "schema"
    UNREACHABLE = "unreachable"


class RefrainError(Exception):
    """Base of all of them; its message is fit to show to the caller."""


class ConfigurationError(RefrainError):
    """A setting is missing or out of range."""


class InvalidInput(RefrainError):
    """A part of the request breaks the contract.

    `pointer` is a JSON Pointer (RFC 6901) to the offending field; empty for the body.
    A query parameter is pointed to as `?name`, which no JSON Pointer can be.
    """

    def __init__(self, pointer: str, problem: str, *more: tuple[str, str]) -> None:
        super().__init__(f"{pointer}: {problem}" if pointer else problem)
        self.pointer = pointer
        self.fields = ((pointer, problem), *more)


class MalformedBody(InvalidInput):
    """The body cannot be read as JSON: bad syntax, bad UTF-8, cut short, too deep."""

    def __init__(self, problem: str) -> None:
        super().__init__("", problem)


class DuplicateId(InvalidInput):
    """An id stands twice in one batch; this is the later comment."""


class NotAuthenticated(RefrainError):
    """No API key was sent, or it is unknown or revoked."""


class WrongSignature(RefrainError):
    """The body is not signed, or by none of the secrets that were added."""


class NotAllowed(RefrainError):
    """The account that is signed in may not do this, or not on this site."""


class TooManyAttempts(RefrainError):
    """Too many sign-ins failed; `retry_after_s` says how long to wait."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TooManyRequests(RefrainError):
    """The rate limit is reached; `retry_after_s` says how long to wait."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnknownComment(RefrainError):
    """No comment is stored under this id."""


class UnknownAuthor(RefrainError):
    """Nothing is stored of an author of this id."""


class StaleDecision(RefrainError):
    """The comment was decided after the caller last saw it: by whom, and when."""

    def __init__(self, message: str, by: str, at: datetime) -> None:
        super().__init__(message)
        self.by = by
        self.at = at


class StalePolicy(RefrainError):
    """The site's rules were changed after the caller last saw them."""


class NotPossible(RefrainError):
    """Something is in no state for this: an appeal against what was accepted, say."""


class StoreUnavailable(RefrainError):
    """The database does not answer or cannot be written."""

    def __init__(self, message: str, fault: Fault = Fault.OTHER) -> None:
        super().__init__(message)
        self.fault = fault
