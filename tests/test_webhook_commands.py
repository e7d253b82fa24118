"""The operator adds endpoints, sees how they do, and has them told again."""

from __future__ import annotations

import re
import socket
from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta

import pytest

from service.store.deliveries import Deliveries
from service.store.endpoints import Endpoints
from service.store.outbox import utc_now
from tests.misbehaving import SECRET
from tests.names import NameServer
from tests.telling import tell
from tests.test_cli import Operator

PUBLIC = "https://8.8.8.8/hook"
PRIVATE = "http://127.0.0.1:8080/hook"


@pytest.fixture
def operator(database_url: str) -> Iterator[Operator]:
    operator = Operator({"DATABASE_URL": database_url})
    yield operator
    operator.store.database.close()


@pytest.fixture
def insider(database_url: str) -> Iterator[Operator]:
    """One who allows private addresses."""
    allowing = {"DATABASE_URL": database_url, "REFRAIN_PRIVATE_WEBHOOKS": "yes"}
    insider = Operator(allowing)
    yield insider
    insider.store.database.close()


def test_a_new_endpoint_shows_its_secret_once(operator: Operator) -> None:
    shown = operator.types(f"add-endpoint default {PUBLIC}")

    secret = shown.stdout.strip()
    assert secret.startswith("whsec_")
    assert len(b64decode(secret.removeprefix("whsec_"))) == 32
    (endpoint,) = Endpoints(operator.store.database).all()
    assert (endpoint.site, endpoint.url) == ("default", PUBLIC)
    assert endpoint.secret == secret
    assert secret not in operator.types("endpoints").output


def test_every_endpoint_has_a_secret_of_its_own(operator: Operator) -> None:
    first = operator.types(f"add-endpoint default {PUBLIC}").stdout
    second = operator.types(f"add-endpoint default {PUBLIC}/2").stdout

    assert first != second


def test_endpoints_are_listed_with_what_they_have_still_to_hear(
    operator: Operator,
) -> None:
    database, now = operator.store.database, utc_now()
    operator.types(f"add-endpoint default {PUBLIC}")
    operator.types(f"add-endpoint default {PUBLIC}/gone")
    later = now + timedelta(minutes=1)
    tell(database, "c-1", later)
    tell(database, "c-2", later)
    deliveries = Deliveries(database)
    deliveries.spread(later)
    first, second = deliveries.claim(1, 2, later, later)
    deliveries.delivered(first, later)
    deliveries.failed(second, "The answer was 500.", later)
    deliveries.disable(2, "The endpoint answered 410.", later)

    listed = operator.types("endpoints").output.splitlines()

    day = r"\d{4}-\d\d-\d\d"
    url = re.escape(PUBLIC)
    assert re.fullmatch(
        rf"1\tdefault\t{url}\t{day}\topen\t1 pending\t0 given up\tThe answer was 500\.",
        listed[0],
    )
    assert re.fullmatch(
        rf"2\tdefault\t{url}/gone\t{day}\tdisabled {day}\t0 pending\t2 given up\t"
        r"The endpoint answered 410\.",
        listed[1],
    )


def test_an_endpoint_is_removed(operator: Operator) -> None:
    operator.types(f"add-endpoint default {PUBLIC}")

    assert operator.types("remove-endpoint 1").output == "Removed endpoint 1.\n"
    assert operator.types("endpoints").output == ""


def test_what_was_told_is_told_again(operator: Operator) -> None:
    database, now = operator.store.database, utc_now()
    Endpoints(database).add("default", PUBLIC, SECRET, now - timedelta(days=3))
    tell(database, "c-1", now - timedelta(days=2))
    tell(database, "c-2", now)

    yesterday = f"{now - timedelta(days=1):%Y-%m-%dT%H:%M}"
    since = operator.types(f"replay-webhooks default --since {yesterday}")
    everything = operator.types("replay-webhooks default --since 2026-01-01")

    assert since.output == "1 deliveries are due again.\n"
    assert everything.output == "2 deliveries are due again.\n"


def test_a_private_address_is_refused_unless_that_is_allowed(
    operator: Operator, insider: Operator
) -> None:
    refused = operator.types(f"add-endpoint default {PRIVATE}")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "Error: The host 127.0.0.1 has a private address.\n"
    assert Endpoints(operator.store.database).all() == []
    assert insider.types(f"add-endpoint default {PRIVATE}").exit_code == 0


@pytest.mark.parametrize("hosts", [("8.8.8.8", "10.0.0.1"), ("10.0.0.1", "8.8.8.8")])
def test_a_name_with_a_private_address_beside_a_public_one_is_refused(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, hosts: tuple[str, ...]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", NameServer("news.example", hosts))

    refused = operator.types("add-endpoint default https://news.example/hook")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "Error: The host news.example has a private address.\n"
    assert Endpoints(operator.store.database).all() == []


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (f"add-endpoint nowhere {PUBLIC}", "There is no site named 'nowhere'."),
        (
            "add-endpoint default ftp://8.8.8.8/",
            "The URL must be http or https, in ASCII, no blanks.",
        ),
        (
            "add-endpoint default https://nowhere.invalid/",
            "The host nowhere.invalid cannot be resolved.",
        ),
        ("remove-endpoint 7", "There is no endpoint 7."),
        (
            "replay-webhooks nowhere --since 2026-01-01",
            "There is no site named 'nowhere'.",
        ),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_1(
    operator: Operator, line: str, sentence: str
) -> None:
    shown = operator.types(line)

    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr == f"Error: {sentence}\n"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("replay-webhooks default", "Missing option '--since'"),
        ("replay-webhooks default --since yesterday", "'yesterday' does not match"),
        ("remove-endpoint first", "'first' is not a valid integer"),
        ("add-endpoint default", "Missing argument 'URL'"),
    ],
)
def test_a_misspelt_command_is_explained_with_status_2(
    operator: Operator, line: str, sentence: str
) -> None:
    shown = operator.types(line)

    assert (shown.exit_code, shown.stdout) == (2, "")
    assert sentence in shown.stderr


def test_with_nothing_to_deliver_the_command_ends_at_once(operator: Operator) -> None:
    shown = operator.types("deliver-webhooks --once")

    assert (shown.exit_code, shown.output) == (0, "")
