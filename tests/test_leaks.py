"""No key, password or secret stands where somebody could read it."""

from __future__ import annotations

import dataclasses
import importlib
import io
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import time
from base64 import b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import service
from service.app import create_app
from service.auth import new_key
from service.logs import make_log
from service.services import NAME
from service.settings import load_settings
from service.store.coral import CoralSecrets
from service.store.deliveries import Deliveries
from service.store.endpoints import Endpoints
from service.store.outbox import utc_now
from service.webhooks.deliverer import Deliverer
from tests.fixtures_service import ROOT
from tests.fixtures_store import KEY
from tests.telling import tell


def dataclasses_of_the_service() -> list[type[Any]]:
    found = []
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if ".migrations." in module.name or module.name.endswith(("__main__", "conf")):
            continue
        for part in vars(importlib.import_module(module.name)).values():
            if isinstance(part, type) and part.__module__ == module.name:
                found += [part] if dataclasses.is_dataclass(part) else []
    return found


SECRET = re.compile(r"secret|password|(database|redis)_url|authorization|^key$")
ROWS = frozenset({"int"})
"""A `key` that is a number is that of a row."""


def test_no_value_that_holds_a_secret_shows_it() -> None:
    secrets = {
        f"{kind.__name__}.{field.name}": field.repr
        for kind in dataclasses_of_the_service()
        for field in dataclasses.fields(kind)
        if SECRET.search(field.name) and field.type not in ROWS
    }

    assert len(secrets) >= 7
    assert not [name for name, is_shown in secrets.items() if is_shown]


def test_no_command_takes_a_secret_where_ps_shows_it(app: Flask) -> None:
    commands = app.cli.commands.values()
    parameters = [
        f"{command.name} {parameter.name}"
        for command in commands
        for parameter in command.params
    ]

    assert len(parameters) > 20
    assert not [one for one in parameters if re.search("(secret|password)$", one)]


def test_ps_shows_no_password_of_the_database(tmp_path: Path) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "REFRAIN_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://refrain:s3cr3t-0f-ours@127.0.0.1:1/refrain",
        "PORT": "0",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "service/gunicorn_conf.py"],
        cwd=ROOT,
        env=env,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        commands = []
        while process.poll() is None:
            for folder in Path("/proc").glob("[0-9]*"):
                try:
                    if os.getpgid(int(folder.name)) == process.pid:
                        commands.append((folder / "cmdline").read_bytes())
                except OSError:
                    continue  # It has ended.
            time.sleep(0.1)
        assert process.stderr
        said = process.stderr.read()

    assert len(commands) > 3
    assert not [one for one in commands if b"s3cr3t" in one]
    assert "s3cr3t" not in said
    assert "The database" in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://refrain:s3cr3t@127.0.0.1:1/refrain",
        "postgresql://refrain:s3cr3t@127.0.0.1:port/refrain",
        "postgresql://refrain:s3cr3t@[::1/refrain",
        "postgresql://refrain:s3cr3t@@@/refrain?sslmode=none",
        "postgresql://refrain:s3cr3t@nowhere.invalid/refrain",
        "postgresql:///refrain?host=127.0.0.1,[::1]&port=1,1&user=a%40b&password=s3cr3t",
        "postgresql:///refrain?host=one,two&port=1&user=refrain&password=s3cr3t",
        "mysql://refrain:s3cr3t@127.0.0.1/refrain",
    ],
)
def test_no_command_says_the_password_of_a_database_it_cannot_use(
    tmp_path: Path, url: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "service.cli", "sites"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert "s3cr3t" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_no_log_holds_a_key_wherever_it_was_sent(
    tmp_path: Path,
    prepared_sqlite: Path,
    capsys: pytest.CaptureFixture[str],
    level: str,
) -> None:
    shutil.copy(prepared_sqlite, tmp_path / "refrain.db")
    env = {"REFRAIN_DATA_DIR": str(tmp_path), "REFRAIN_LOG_LEVEL": level}
    app = create_app(load_settings(env))
    key = new_key()
    client = app.test_client()

    for headers, path, data in (
        ({"Authorization": f"Bearer {key}"}, "/v1/moderate", "{"),
        ({"Authorization": f"Basic {key}"}, "/v1/moderations", '{"input":"a"}'),
        ({}, f"/v1alpha1/comments:analyze?key={key}", '{"comment":{"text":"a"}}'),
        ({}, "/1.1/verify-key", f"api_key={key}&blog=a"),
        ({"Host": f"{key}.rest.example"}, "/1.1/comment-check", "comment_content=a"),
        ({}, f"/{key}", ""),
        ({"Cookie": f"desk={key}"}, "/desk/sign-in", f"password={key}&name={key}"),
    ):
        kind = (
            "application/x-www-form-urlencoded" if "1.1" in path else "application/json"
        )
        answer = client.post(path, data=data, headers=headers, content_type=kind)
        assert key.encode() not in answer.data, path
        assert answer.status_code < 500

    app.extensions[NAME].store.database.close()
    said = capsys.readouterr()
    assert key not in said.err + said.out
    assert "request" in said.err


def test_no_log_holds_a_secret_of_ours_whatever_fails(
    tmp_path: Path, prepared_sqlite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Redis is away, a receiver too, and what Coral sends is wrongly signed."""
    shutil.copy(prepared_sqlite, tmp_path / "refrain.db")
    env = {
        "REFRAIN_DATA_DIR": str(tmp_path),
        "REFRAIN_LOG_LEVEL": "DEBUG",
        "REFRAIN_RATE_LIMIT": "1000",
        "REDIS_URL": "redis://ann:r3d1s-0f-ours@127.0.0.1:1/0",
        "REFRAIN_PRIVATE_WEBHOOKS": "yes",
    }
    app = create_app(load_settings(env))
    parts = app.extensions[NAME]
    database, now = parts.store.database, utc_now()
    webhooks = "whsec_" + b64encode(b"w3bh00ks-0f-ours").decode()
    Endpoints(database).add("default", "http://127.0.0.1:1/", webhooks, now)
    CoralSecrets(database).add("default", "c0r4l-0f-ours" * 3, now)

    answers = [
        app.test_client().post(path, json=body, headers=headers)
        for path, body, headers in (
            ("/v1/moderate", {"text": "a"}, {"Authorization": f"Bearer {KEY}"}),
            ("/coral/moderate", {}, {"X-Coral-Signature": "sha256=" + "0" * 64}),
        )
    ]
    tell(database, "c-1", now - timedelta(minutes=1))
    log = io.StringIO()
    Deliverer(Deliveries(database), make_log("DEBUG", log), private=True).run_once()

    database.close()
    said = capsys.readouterr()
    everything = said.err + said.out + log.getvalue()
    everything += "".join(repr(answer.data) + str(answer.headers) for answer in answers)
    assert "Redis cannot be used" in everything
    assert "No connection can be made" in everything
    assert [answer.status_code for answer in answers] == [200, 401]
    for secret in ("r3d1s", "w3bh00ks", webhooks[6:], "c0r4l"):
        assert secret not in everything
