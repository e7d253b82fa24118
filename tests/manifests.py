"""The files in deploy/ as data, and what the Dockerfile says, for the tests of both."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from service import cli
from tests.test_repository import said

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
TMP = "/tmp"  # noqa: S108 - in a container
EXAMPLE = KUBERNETES / "secret.example.yaml"

Object = dict[str, Any]


def read(file: Path) -> list[Object]:
    """Every document of a YAML file."""
    return list(yaml.safe_load_all(file.read_text()))


@cache
def compose() -> Object:
    """The compose file, its anchors and merges resolved."""
    (document,) = read(DEPLOY / "compose.yaml")
    return document


@cache
def listed(folder: Path) -> tuple[Path, ...]:
    """The files that a kustomization applies."""
    (document,) = read(folder / "kustomization.yaml")
    return tuple(folder / name for name in document["resources"])


@cache
def optional() -> tuple[Path, ...]:
    """The files that a comment in the kustomization offers besides."""
    text = (KUBERNETES / "kustomization.yaml").read_text()
    return tuple(KUBERNETES / it for it in re.findall(r"^  # - (\S+)$", text, re.M))


def offered(file: Path) -> dict[str, str]:
    """Settings that stand in a file as comments."""
    return dict(re.findall(r"^  # ([A-Z_]+): (\S+)$", file.read_text(), re.MULTILINE))


@cache
def objects() -> tuple[Object, ...]:
    """Every object for Kubernetes, also the optional ones and the example's."""
    applied = [*listed(KUBERNETES), *listed(KUBERNETES / "migrate")]
    files = [*applied, *optional(), EXAMPLE]
    return tuple(document for file in files for document in read(file))


def of_kind(kind: str) -> dict[str, Object]:
    """The objects of a kind by their names."""
    found = [it for it in objects() if it["kind"] == kind]
    return {it["metadata"]["name"]: it for it in found}


def one(kind: str) -> Object:
    """The only object of a kind."""
    (found,) = of_kind(kind).values()
    return found


def templates() -> Iterator[tuple[str, Object]]:
    """Every template of a pod, under the name of its workload."""
    for it in objects():
        spec = it.get("spec", {})
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        if "template" in spec:
            yield it["metadata"]["name"], spec["template"]


def pods() -> dict[str, Object]:
    """The specifications of all pods."""
    return {name: template["spec"] for name, template in templates()}


@dataclass(frozen=True, slots=True)
class Image:
    """What the Dockerfile promises to those that run it."""

    user: int
    port: int
    data: str
    version: str


@cache
def image() -> Image:
    """Read the Dockerfile's last stage."""
    labels, variables = " ".join(said("LABEL")), " ".join(said("ENV"))
    version = re.search(r'image\.version="([^"]+)"', labels)
    port = re.search(r"PORT=(\d+)", variables)
    assert version
    assert port
    assert said("EXPOSE") == [port[1]]
    return Image(
        int(said("USER")[-1].split(":")[0]),
        int(port[1]),
        said("VOLUME")[0],
        version[1],
    )


def graceful_s() -> int:
    """How long gunicorn lets requests end, by its configuration."""
    tree = ast.parse((ROOT / "service" / "gunicorn_conf.py").read_text())
    (found,) = (
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "graceful_timeout"
    )
    return int(found)


GRACEFUL_S = graceful_s()


def exists(command: list[str]) -> None:
    """Check that what a container is told to run is there."""
    assert command[:2] == ["python", "-m"]
    if command[2] == "gunicorn":
        assert (ROOT / command[command.index("--config") + 1]).is_file()
    else:
        assert command[2:5] == ["flask", "--app", "service.cli"]
        assert command[5] in {it.name for it in cli.COMMANDS}
