"""Signatures are those that Coral makes, and each secret is tried."""

from __future__ import annotations

import pytest

from service.compat.coral.signature import signatures, signer
from service.domain import Outcome
from service.store.coral import Secret
from service.store.records import Site
from tests.fixtures_store import NOON

# Made by `openssl dgst -sha256 -hmac SECRET`.
BODY = """{
  "action": "NEW",
  "comment": {
    "body": "Café, naïve, 日本語, 😀 & “quotes”",
    "parentID": null
  }
}""".encode()
MADE = {
    "empsec_0123456789abcdef": (
        "53ce1c6b23fef12a9e445c889a4d0e59a9017aedf0dc975ff7274b9fdd835484"
    ),
    "whsec_fedcba9876543210": (
        "ebec8062ab888372dd9158aa6cc6a3c588a138f5f114ae4f196569a2f42d2215"
    ),
}


def known(*secrets: str) -> list[Secret]:
    site = Site(1, "default", 1, {}, Outcome.ACCEPT)
    return [Secret(i, site, secret, NOON) for i, secret in enumerate(secrets, 1)]


@pytest.mark.parametrize(("secret", "made"), MADE.items())
def test_a_signature_made_elsewhere_is_found_right(secret: str, made: str) -> None:
    given = signatures(f"sha256={made}")

    found = signer(known(secret), given, BODY)

    assert found is not None
    assert found.secret == secret
    assert signer(known(secret + "0"), given, BODY) is None
    assert signer(known(secret.partition("_")[2]), given, BODY) is None


def test_a_secret_is_found_among_others_wherever_it_stands() -> None:
    (secret, made), (other, _) = MADE.items()
    given = signatures(f"sha256={made}")

    for secrets in ((secret, other), (other, secret)):
        found = signer(known(*secrets), given, BODY)
        assert found is not None
        assert found.secret == secret


def test_where_two_secrets_sign_the_older_one_counts() -> None:
    given = signatures(",".join(f"sha256={made}" for made in reversed(MADE.values())))

    found = signer(known(*MADE), given, BODY)

    assert found is not None
    assert found.id == 1


def test_without_secrets_nothing_is_signed() -> None:
    assert signer([], signatures(f"sha256={'0' * 64}"), BODY) is None
    assert signer(known(*MADE), [], BODY) is None


def test_so_many_signatures_are_looked_at_and_no_more() -> None:
    assert len(signatures(",".join([f"sha256={'0' * 64}"] * 100))) == 16


def test_a_secret_does_not_show_in_a_message() -> None:
    assert "empsec_" not in repr(known(*MADE))
