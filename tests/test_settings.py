"""Settings come from the environment, once, and senseless ones are refused by name."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from service.errors import ConfigurationError
from service.settings import SETTINGS, Setting, Settings, load_settings


def test_the_service_runs_without_any_setting() -> None:
    settings = load_settings({})

    assert (settings.bind, settings.port) == ("127.0.0.1", 8000)
    assert (settings.max_text, settings.max_body) == (10_000, 65_536)
    assert settings.artifact is None
    assert settings.database_url == f"sqlite:///{Path.cwd()}/var/refrain.db"


def test_the_table_has_one_row_for_every_setting() -> None:
    assert [s.field for s in SETTINGS] == [f.name for f in fields(Settings)]
    assert len({s.name for s in SETTINGS}) == len(SETTINGS)
    assert all(s.meaning.endswith(".") and s.kind for s in SETTINGS)


def test_variables_of_other_programs_are_none_of_our_business() -> None:
    assert load_settings({"HOME": "/root", "LANG": "C"}) == load_settings({})


def test_a_variable_that_is_set_but_empty_counts_as_unset() -> None:
    env = dict.fromkeys((setting.name for setting in SETTINGS), "")

    assert load_settings(env) == load_settings({})


def test_zero_is_a_value_and_not_the_default() -> None:
    assert load_settings({"PORT": "0"}).port == 0


def test_a_misspelt_setting_is_refused_with_the_likely_name() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"REFRAIN_MAXTEXT": "5"})

    assert str(caught.value) == (
        "REFRAIN_MAXTEXT is not a setting of Refrain; did you mean REFRAIN_MAX_TEXT?"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("PORT", "80.0"),
        ("PORT", "٨٠٠٠"),
        ("BIND", "0.0.0.0 8000"),
        ("WEB_CONCURRENCY", "0"),
        ("REFRAIN_THREADS", "1e3"),
        ("REFRAIN_MAX_TEXT", "0"),
        ("REFRAIN_MAX_BODY", "64K"),
        ("REFRAIN_MAX_BATCH", "501"),
        ("REFRAIN_LOG_LEVEL", "loud"),
        ("REFRAIN_SQLITE_SYNCHRONOUS", "OFF"),
        ("DATABASE_URL", "secret-without-scheme"),
        ("DATABASE_URL", "mysql://ann:secret@db/refrain"),
        ("DATABASE_URL", "postgresql://ann:secret@db:port/refrain"),
        ("DATABASE_URL", "postgresql://ann:secret@db"),
        ("DATABASE_URL", "postgresql+asyncpg://ann:secret@db/refrain"),
        ("DATABASE_URL", "postgresql://ann:secret@one,/refrain"),
        ("DATABASE_URL", "postgresql://ann:secret@one:port,two:5432/refrain"),
        ("DATABASE_URL", "postgresql://ann:secret@one,two"),
        ("DATABASE_URL", "postgresql:///refrain?user=ann&password=secret&user=b"),
        ("DATABASE_URL", "postgresql:///refrain?host=one,two&port=1,secret"),
        ("DATABASE_URL", "postgresql:///refrain?host=one,two,three&port=1,2"),
        ("DATABASE_URL", "postgresql://one:1,two:2/refrain?user=a@b&password=secret"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "sqlite:///refrain.db?mode=memory"),
        ("DATABASE_URL", "sqlite://secret/refrain.db"),
        ("REFRAIN_RATE_LIMIT", "1000001"),
        ("REDIS_URL", "secret:6379"),
        ("REDIS_URL", "http://:secret@redis:6379"),
        ("REDIS_URL", "redis://:secret@:6379"),
        ("REDIS_URL", "redis://:secret@redis:port"),
        ("REDIS_URL", "redis://:secret@redis\u2100:6379"),
    ],
)
def test_a_senseless_value_is_refused_by_name_and_not_repeated(
    name: str, value: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} must be ") as caught:
        load_settings({name: value})

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_way_to_write_a_postgresql_url_is_understood(scheme: str) -> None:
    url = "://ann:p%40ss@db:5433/refrain?sslmode=require"

    settings = load_settings({"DATABASE_URL": scheme + url})

    assert settings.database_url == "postgresql+psycopg" + url


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("one,two:6432", "one,two", "5432,6432"),
        ("[::1]:6432,[::2]", "::1,::2", "6432,5432"),
        ("%2Frun%2Fone,two", "/run/one,two", "5432,5432"),
    ],
)
def test_of_several_hosts_the_one_that_can_be_written_is_connected_to(
    written: str, host: str, port: str
) -> None:
    url = f"postgres://ann:p,%40ss@{written}/refrain?sslmode=require"

    asked = asked_of_libpq(load_settings({"DATABASE_URL": url}))

    assert asked == {
        "user": "ann",
        "password": "p,@ss",
        "dbname": "refrain",
        "host": host,
        "port": port,
        "sslmode": "require",
        "target_session_attrs": "read-write",
    }


@pytest.mark.parametrize(
    ("rest", "host"),
    [
        ("one,two/refrain?target_session_attrs=any", "one,two"),
        ("ann:a,b/c@one/refrain?target_session_attrs=any", "one"),
        ("/refrain?host=one,two&target_session_attrs=any", "one,two"),
        ("one/refrain?target_session_attrs=any&application_name=a@b,c", "one"),
    ],
)
def test_which_of_several_hosts_is_chosen_may_be_said(rest: str, host: str) -> None:
    asked = asked_of_libpq(load_settings({"DATABASE_URL": f"postgresql://{rest}"}))

    assert (asked["host"], asked["target_session_attrs"]) == (host, "any")


def asked_of_libpq(settings: Settings) -> dict[str, object]:
    """What a connection is made with."""
    url = make_url(settings.database_url)
    return dict(url.get_dialect()().create_connect_args(url)[1])


def test_a_relative_sqlite_file_becomes_absolute() -> None:
    settings = load_settings({"DATABASE_URL": "sqlite:///here/refrain.db"})

    assert settings.database_url == f"sqlite:///{Path.cwd()}/here/refrain.db"


def test_the_database_lies_in_the_data_folder(tmp_path: Path) -> None:
    settings = load_settings({"REFRAIN_DATA_DIR": str(tmp_path)})

    assert settings.database_url == f"sqlite:///{tmp_path}/refrain.db"


PLAIN = {"path", "address", "site", "yes, no", "NORMAL, FULL"}
"""Kinds of settings that are no secrets, beside numbers and levels."""
URLS = [setting for setting in SETTINGS if setting.kind == "URL"]
SCHEMES = ("postgresql", "sqlite", "redis", "rediss", "unix", "http", "https")
PASSWORDS = (
    "://ann:s3cr3t@host.example:6379/refrain",
    "://:s3cr3t@host.example/0",
    "://s3cr3t@host.example/0",
    "://host.example/refrain?password=s3cr3t",
    "://host.example/refrain#s3cr3t",
    "://ann:s3cr3t@/refrain?host=one.example,two.example",
    ":///socket?password=s3cr3t",
)


def test_of_every_setting_it_is_known_whether_it_can_hold_a_secret() -> None:
    others = {setting.kind for setting in SETTINGS} - {"URL"} - PLAIN

    assert len(URLS) >= 4
    assert all(re.fullmatch(r"\d+-\d+|DEBUG, .*", kind) for kind in others)


@pytest.mark.parametrize("setting", URLS, ids=lambda setting: setting.name)
def test_no_url_shows_a_password_however_it_is_written(setting: Setting) -> None:
    taken = 0
    for scheme, rest in product(SCHEMES, PASSWORDS):
        try:
            settings = load_settings({setting.name: scheme + rest})
        except ConfigurationError as error:
            shown = str(error)
        else:
            taken += "s3cr3t" in getattr(settings, setting.field)
            shown = f"{settings!r}{settings}{settings.url}"
        assert "s3cr3t" not in shown, scheme + rest

    # Of those that need none, none is taken that has one.
    hidden = {field.name for field in fields(Settings) if not field.repr}
    assert bool(taken) == (setting.field in hidden)


def test_the_passwords_in_urls_are_not_shown() -> None:
    settings = load_settings(
        {
            "DATABASE_URL": "postgresql://ann:secret@db/refrain",
            "REDIS_URL": "redis://:secret@redis:6379/0",
        }
    )

    assert "secret" not in repr(settings)
    assert "port=8000" in repr(settings)
