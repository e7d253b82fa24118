"""Signed links by which readers see one decision about their comment and appeal.

A link bears which decision it is about, so that it says nothing about any other, and
is valid for a limited time from then on.  Nothing is looked up here.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256

from itsdangerous import BadSignature, Signer

from service.domain import Decision, Outcome

VALID = timedelta(days=30)
"""How long after the decision a link can be used."""
PATH = "/appeal/"
KEY = "appeal link"
"""What the key that signs is for, of all that the secret makes keys for."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link is about: of a site's comment the decision made at that moment.

    The moment stands for the decision's number, for it is needed anyway and is known
    where numbers are not.
    """

    site_id: int
    comment_id: str
    decided_at: datetime

    @property
    def until(self) -> datetime:
        """When the link ends."""
        return self.decided_at + VALID


class Links:
    """Makes and reads links.  Safe for threads."""

    def __init__(self, url: str, key_for: Callable[[str], bytes]) -> None:
        """Wire the parts.

        Args:
            url: where readers reach the service, without a last slash.
            key_for: `service.store.store.Store.key_for`; asked on first use.
        """
        self._url = url
        self._key_for = key_for

    def appeal(
        self, site_id: int, comment_id: str | None, decision: Decision
    ) -> str | None:
        """The link for a rejected comment; None for what was accepted or not stored.

        The same decision always gets the same link.
        """
        if comment_id is None or decision.verdict.outcome is not Outcome.REJECT:
            return None
        moment = (decision.decided_at - _EPOCH) // _MICROSECOND
        name = urlsafe_b64encode(comment_id.encode()).rstrip(b"=").decode()
        token = self._signer.sign(f"{site_id}.{moment}.{name}").decode()
        return f"{self._url}{PATH}{token}"

    def read(self, token: str) -> Opened | None:
        """What a link is about, be it over or not; None for one that is not ours."""
        try:
            site_id, moment, name = self._signer.unsign(token).decode().split(".")
            return Opened(
                int(site_id),
                urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode(),
                _EPOCH + int(moment) * _MICROSECOND,
            )
        except (BadSignature, binascii.Error, ValueError):
            return None

    @cached_property
    def _signer(self) -> Signer:
        # The key has no other use, so nothing has to be derived from it again.
        key = self._key_for(KEY)
        return Signer(key, key_derivation="none", digest_method=sha256)
