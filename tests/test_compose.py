"""compose.yaml: valid, shut, and of one mind with the image, the settings and nginx."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import pytest

from service.settings import SETTINGS, load_settings
from tests.manifests import DEPLOY, GRACEFUL_S, TMP, compose, exists, image
from tests.test_repository import said

SERVICES: dict[str, dict[str, Any]] = compose()["services"]
OURS = {name for name, its in SERVICES.items() if its["image"].startswith("refrain:")}
WRITES = {"postgres": "/var/lib/postgresql"}
"""What keeps something, and where."""


def seconds(written: str) -> int:
    return int(written.removesuffix("s"))


def test_it_follows_the_specification() -> None:
    command = [sys.executable, "-m", "check_jsonschema"]
    schema = ["--builtin-schema", "vendor.compose-spec"]

    done = subprocess.run(
        [*command, *schema, str(DEPLOY / "compose.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_it_has_two_replicas_a_database_a_proxy_a_sender_and_a_migration() -> None:
    assert SERVICES.keys() == {
        "nginx",
        "service-1",
        "service-2",
        "webhooks",
        "migrate",
        "postgres",
    }
    assert SERVICES["service-1"] == SERVICES["service-2"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_shut(name: str) -> None:
    its = SERVICES[name]

    assert its["read_only"] is True
    assert its["cap_drop"] == ["ALL"]
    assert "cap_add" not in its
    assert "privileged" not in its
    assert its["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", its["user"])
    written = [v for v in its.get("volumes", ()) if not v.endswith(":ro")]
    assert written == [f"postgres:{it}" for at, it in WRITES.items() if at == name]


@pytest.mark.parametrize("name", SERVICES)
def test_every_image_is_pinned(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].partition(":")

    assert re.match(r"\d+\.\d+", tag)


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_run_the_image_as_it_is_built(name: str) -> None:
    its, built = SERVICES[name], image()

    assert its["image"] == f"refrain:{built.version}"
    assert its["user"] == f"{built.user}:{built.user}"
    assert {mount.split(":")[0] for mount in its["tmpfs"]} == {TMP, built.data}
    exists(its["command"])


@pytest.mark.parametrize("name", sorted(OURS))
def test_ours_are_given_settings_that_exist_and_are_taken(name: str) -> None:
    filled = {
        "POSTGRES_PASSWORD": "0123abcd",
        "REFRAIN_PUBLIC_URL": "https://n.example",
    }
    given = {
        setting: re.sub(
            r"\$\{(\w+)(?::-(\w*)|:\?[^}]*)?\}",
            lambda found: filled.get(found[1], found[2] or ""),
            value,
        )
        for setting, value in SERVICES[name]["environment"].items()
    }

    settings = load_settings(given)

    assert given.keys() <= {setting.name for setting in SETTINGS}
    assert settings.proxies == 1
    assert settings.database_url.endswith(":0123abcd@postgres/refrain")


def test_what_is_optional_is_off_and_can_be_switched_on_in_env() -> None:
    for name in OURS:
        given = SERVICES[name]["environment"]
        for setting in ("REDIS_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"):
            assert given[setting] == f"${{{setting}:-}}"
        extras = SERVICES[name]["build"]["args"]["EXTRAS"]
        assert extras == "${EXTRAS:-}"
    assert "back" in SERVICES["service-1"]["networks"]
    assert f"`{compose()['name']}_back`" in (DEPLOY / "README.md").read_text()
    # The Dockerfile's, with the same default.
    assert "EXTRAS=" in said("ARG")


def test_no_secret_stands_in_the_file() -> None:
    text = (DEPLOY / "compose.yaml").read_text()

    for line in re.findall(r".*PASSWORD.*", text):
        assert "${POSTGRES_PASSWORD:?" in line or "printf" in line


def test_the_tables_are_brought_up_to_date_before_anything_serves() -> None:
    for name in OURS - {"migrate"}:
        waits_for = SERVICES[name]["depends_on"]["migrate"]["condition"]
        assert waits_for == "service_completed_successfully"
    assert SERVICES["migrate"]["restart"] == "no"
    assert "migrate" in SERVICES["migrate"]["command"]


def test_only_nginx_can_be_reached_and_only_webhooks_reach_out() -> None:
    networks = compose()["networks"]
    open_ones = {name for name, its in networks.items() if not its.get("internal")}

    published = {name for name, its in SERVICES.items() if "ports" in its}
    in_the_open = {
        name for name, its in SERVICES.items() if open_ones & set(its["networks"])
    }

    assert published == {"nginx"}
    assert in_the_open == {"nginx", "webhooks"}
    assert "back" not in SERVICES["nginx"]["networks"]


def test_nginx_finds_the_replicas_and_its_files() -> None:
    upstream = (DEPLOY / "nginx" / "upstream.conf").read_text()
    port = image().port

    assert f"server service:{port} resolve" in upstream
    assert SERVICES["service-1"]["networks"]["front"]["aliases"] == ["service"]
    config = (DEPLOY / "nginx" / "nginx.conf").read_text()
    inside = [mapping.split(":")[1] for mapping in SERVICES["nginx"]["ports"]]
    assert inside == re.findall(r"listen (\d+)", config)
    for volume in SERVICES["nginx"]["volumes"][:2]:
        source, target, _ = volume.split(":")
        assert (DEPLOY / source).is_file()
        assert target.startswith("/etc/refrain/")
    # All that nginx writes is where it may.
    assert all(
        path.startswith(f"{TMP}/") for path in re.findall(r"_path (\S+);", config)
    )


def test_who_stops_has_time_to_answer_what_has_begun() -> None:
    for name in ("nginx", "service-1", "service-2", "webhooks"):
        assert seconds(SERVICES[name]["stop_grace_period"]) > GRACEFUL_S


def test_a_replica_is_healthy_once_it_is_ready() -> None:
    *_, code = SERVICES["service-1"]["healthcheck"]["test"]

    compile(code, "healthcheck", "exec")
    assert f"http://127.0.0.1:{image().port}/readyz" in code
