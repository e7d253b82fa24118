"""API keys and passwords: made, hashed and checked.  Knows no HTTP but the header.

A key is 256 random bits, so one round of SHA-256 keeps it: there is nothing to guess.
It is a label of a host name, too (RFC 1035), for some of Akismet's clients send it so:
hence without capitals, which host names do not know.
A password is chosen by a person, so Argon2 does.
"""

from __future__ import annotations

import secrets
import string
import unicodedata
from datetime import datetime
from hashlib import sha256
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from service.errors import InvalidInput, NotAuthenticated, TooManyAttempts
from service.store.accounts import Accounts, Moderator
from service.store.records import Site
from service.store.signins import SignIns
from service.store.sites import MAX_NAME
from service.store.store import Store

PREFIX = "rf_"
"""By which secret scanners, and people, recognise a key of this service."""

_KEY_ALPHABET = string.ascii_lowercase + string.digits
_KEY_LENGTH = 50  # characters: 36 ** 50 > 2 ** 256; a label has 63 at most
_PASSWORD_ALPHABET = string.ascii_letters + string.digits
_PASSWORD_LENGTH = 20  # characters: 119 bits
SHORTEST_PASSWORD = 12  # characters
LONGEST_PASSWORD = 200  # characters
BUSY_S = 2
UNKNOWN_MODERATOR = (
    "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""No password has this hash, but checking one takes the usual time."""


def new_key() -> str:
    """Make an API key.  It is shown once; only its hash is stored."""
    return PREFIX + _random(_KEY_ALPHABET, _KEY_LENGTH)


def new_password() -> str:
    """Make a password for a moderator's first sign-in."""
    return _random(_PASSWORD_ALPHABET, _PASSWORD_LENGTH)


def key_hash(key: str) -> bytes:
    """What is stored of a key: 32 bytes, SHA-256 (FIPS 180-4)."""
    return sha256(key.encode("utf-8", "surrogateescape")).digest()


def bearer_hash(authorization: str | None) -> bytes:
    """The hash of the key that an `Authorization` header bears, or of none at all.

    Whatever is wrong with it, a header costs one hash and one query, so neither the
    answer nor its time tells a missing key from a malformed, unknown or revoked one.
    """
    scheme, _, key = (authorization or "").partition(" ")
    is_bearer = scheme.lower() == "bearer"
    return key_hash(key.strip() if is_bearer else "")


def authenticate(store: Store, bearer: bytes) -> Site:
    """The site that a key opens.

    Args:
        store: knows the keys.
        bearer: of `bearer_hash`.

    Raises:
        NotAuthenticated: it opens none.
    """
    site = store.site_of_key(bearer)
    if site is None:
        raise NotAuthenticated(
            "Send a valid API key in the header `Authorization: Bearer rf_…`."
        )
    return site


def hash_password(password: str) -> str:
    """What is stored of a password: Argon2id, with the parameters of RFC 9106."""
    return PasswordHasher().hash(_typed(password))


def check_password(accounts: Accounts, name: str, password: str) -> Moderator | None:
    """The moderator who signs in with this name and password; None if they are wrong.

    An unknown name and a disabled account take as long as a wrong password.
    """
    moderator = accounts.moderator(name)
    known = moderator.password_hash if moderator else UNKNOWN_MODERATOR
    # Composing a long text of marks takes minutes, and every other thread waits for it.
    password = password if len(password) <= LONGEST_PASSWORD else ""
    try:
        PasswordHasher().verify(known, _typed(password))
    except VerificationError:
        return None
    return moderator if moderator and moderator.disabled_at is None else None


def check_new_password(name: str, password: str) -> None:
    """Raise InvalidInput unless a person may choose this password."""
    if len(password) < SHORTEST_PASSWORD:
        problem = f"A password has at least {SHORTEST_PASSWORD} characters."
    elif len(password) > LONGEST_PASSWORD:
        problem = f"A password has at most {LONGEST_PASSWORD} characters."
    elif name.casefold() in password.casefold() or len(set(password)) < 5:
        problem = "That is too easy to guess: choose another password."
    else:
        return
    raise InvalidInput("/password", problem)


class Door:
    """Where people sign in: counts failures, and keeps a flood of them outside.

    A check takes 64 MiB and a processor for a while, so only some are made at once: the
    comments of readers must not wait for whoever guesses passwords.
    """

    def __init__(self, accounts: Accounts, signins: SignIns, *, at_once: int) -> None:
        self._accounts = accounts
        self._signins = signins
        self._places = BoundedSemaphore(at_once)

    def enter(
        self, name: str, password: str, address: str, now: datetime
    ) -> Moderator | None:
        """The moderator who signs in; None if name or password are wrong.

        An unknown name, a disabled account and a wrong password are told apart neither
        by the answer nor by the time, nor by when they lock.

        Raises:
            TooManyAttempts: the name or the address is locked, whatever the password,
                or too many sign in just now.
        """
        if not self._places.acquire(blocking=False):
            raise TooManyAttempts(
                "Many are signing in just now. Try again in a moment.", BUSY_S
            )
        try:
            # What cannot be a name is none, and no database has to be asked for it.
            name = name if name.isprintable() and len(name) <= MAX_NAME else ""
            self._signins.count(name, address, now)
            moderator = check_password(self._accounts, name, password)
            if moderator is not None:
                self._signins.clear(name, address)
                self._signins.tidy(now)
            return moderator
        finally:
            self._places.release()


def _typed(password: str) -> str:
    """A password as bytes would compare it, whichever way a keyboard composes it."""
    return unicodedata.normalize("NFC", password)


def _random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
