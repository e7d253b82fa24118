"""API keys and passwords: made, hashed and checked.  Knows no HTTP but the header.

A key is 256 random bits, so one round of SHA-256 keeps it: there is nothing to guess.
A password is chosen by a person, so Argon2 does.
"""

from __future__ import annotations

import secrets
import string
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from service.errors import NotAuthenticated
from service.store.accounts import Accounts, Moderator
from service.store.records import Site
from service.store.store import Store

PREFIX = "rf_"
"""By which secret scanners, and people, recognise a key of this service."""

_ALPHABET = string.ascii_letters + string.digits
_KEY_LENGTH = 43  # characters: 62 ** 43 > 2 ** 256
_PASSWORD_LENGTH = 20  # characters: 119 bits
UNKNOWN_MODERATOR = (
    "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg"
    "$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""No password has this hash, but checking one takes the usual time."""


def new_key() -> str:
    """Make an API key.  It is shown once; only its hash is stored."""
    return PREFIX + _random(_KEY_LENGTH)


def new_password() -> str:
    """Make a password for a moderator's first sign-in."""
    return _random(_PASSWORD_LENGTH)


def key_hash(key: str) -> bytes:
    """What is stored of a key: 32 bytes, SHA-256 (FIPS 180-4)."""
    return sha256(key.encode("utf-8", "surrogateescape")).digest()


def authenticate(store: Store, authorization: str | None) -> Site:
    """The site whose key the `Authorization` header bears.

    Whatever is wrong with it, a header costs one hash and one query, so neither the
    answer nor its time tells a missing key from a malformed, unknown or revoked one.

    Raises:
        NotAuthenticated: the header bears no key that opens a site.
    """
    scheme, _, key = (authorization or "").partition(" ")
    is_bearer = scheme.lower() == "bearer"
    site = store.site_of_key(key_hash(key.strip() if is_bearer else ""))
    if site is None:
        raise NotAuthenticated(
            "Send a valid API key in the header `Authorization: Bearer rf_…`."
        )
    return site


def hash_password(password: str) -> str:
    """What is stored of a password: Argon2id, with the parameters of RFC 9106."""
    return PasswordHasher().hash(password)


def check_password(accounts: Accounts, name: str, password: str) -> Moderator | None:
    """The moderator who signs in with this name and password; None if they are wrong.

    An unknown name and a disabled account take as long as a wrong password.
    """
    moderator = accounts.moderator(name)
    known = moderator.password_hash if moderator else UNKNOWN_MODERATOR
    try:
        PasswordHasher().verify(known, password)
    except VerificationError:
        return None
    return moderator if moderator and moderator.disabled_at is None else None


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
