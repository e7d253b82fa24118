"""The manifests: valid, shut, of one mind with the image, the settings and the app."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import kubernetes_validate
import pytest
from flask import Flask

from service import cli
from service.errors import ConfigurationError
from service.settings import SETTINGS, load_settings
from tests.manifests import (
    EXAMPLE,
    GRACEFUL_S,
    KUBERNETES,
    TMP,
    Object,
    exists,
    image,
    listed,
    objects,
    of_kind,
    offered,
    one,
    optional,
    pods,
    read,
    templates,
)

ROOT = Path(__file__).parent.parent
VERSIONS = ("1.30", "1.37")
"""Of Kubernetes: the oldest and the newest that the manifests are checked against."""
POLICIES = {
    "refrain-nothing",
    "refrain-service",
    "refrain-database",
    "refrain-webhooks",
    "refrain-redis",
    "refrain-traces",
}
INSIDE = {"/metrics", "/readyz"}
"""What nobody outside may reach."""


def label(object: Object) -> str:
    return f"{object['kind']} {object['metadata']['name']}"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("object", objects(), ids=label)
def test_every_object_follows_the_published_schema(
    object: Object, version: str
) -> None:
    assert kubernetes_validate.validate(object, version, strict=True) == version


def test_a_field_that_does_not_exist_would_be_noticed() -> None:
    broken = {**one("Ingress"), "spec": {"rulez": []}}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[0], strict=True)


def test_all_that_is_asked_for_is_there() -> None:
    kinds = {it["kind"] for it in objects()}

    assert kinds == {
        "ConfigMap",
        "CronJob",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Ingress",
        "Job",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Secret",
        "Service",
        "ServiceAccount",
    }
    assert of_kind("NetworkPolicy").keys() == POLICIES


def test_every_file_is_applied_but_what_is_optional_and_the_example() -> None:
    applied = {*listed(KUBERNETES), *listed(KUBERNETES / "migrate")}
    there = {it for it in KUBERNETES.rglob("*.yaml") if it.name != "kustomization.yaml"}

    assert there == applied | {EXAMPLE, *optional()}
    assert not applied & {EXAMPLE, *optional()}


def test_both_kustomizations_name_the_same_image_of_this_version() -> None:
    names = [
        read(KUBERNETES / f / "kustomization.yaml")[0]["images"]
        for f in ("", "migrate")
    ]

    assert names[0] == names[1]
    assert names[0][0]["newTag"] == image().version
    for spec in pods().values():
        assert {it["image"] for it in spec["containers"]} == {names[0][0]["name"]}


# --- Pod Security Standards, level "restricted":
# https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted


@pytest.mark.parametrize("name", pods())
def test_pods_satisfy_the_restricted_level(name: str) -> None:
    spec = pods()[name]
    context = spec["securityContext"]

    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & spec.keys()
    assert all(volume.keys() - {"name"} == {"emptyDir"} for volume in spec["volumes"])
    assert context["runAsNonRoot"] is True
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in spec["containers"]:
        own = container["securityContext"]
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert own.keys() <= {
            "allowPrivilegeEscalation",
            "capabilities",
            "readOnlyRootFilesystem",
        }
        assert not any("hostPort" in port for port in container.get("ports", ()))


@pytest.mark.parametrize("name", pods())
def test_pods_run_the_image_as_it_is_built(name: str) -> None:
    spec, built = pods()[name], image()
    context = spec["securityContext"]

    assert (context["runAsUser"], context["runAsGroup"]) == (built.user, built.user)
    for container in spec["containers"]:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert mounts == {TMP, built.data}
        assert {"requests", "limits"} <= container["resources"].keys()
        exists(container["command"])


@pytest.mark.parametrize("name", pods())
def test_pods_get_no_token_and_no_settings_that_nobody_made(name: str) -> None:
    spec = pods()[name]

    assert spec["automountServiceAccountToken"] is False
    # REFRAIN_SERVICE_HOST and the like would stop the start.
    assert spec["enableServiceLinks"] is False


def test_the_service_would_not_start_with_kubernetes_own_variables() -> None:
    with pytest.raises(ConfigurationError, match="REFRAIN_SERVICE_HOST"):
        load_settings({"REFRAIN_SERVICE_HOST": "10.0.0.1"})


@pytest.mark.parametrize("name", pods())
def test_every_setting_exists_and_is_taken(name: str) -> None:
    config, secret = one("ConfigMap")["data"], one("Secret")["stringData"]
    (container,) = pods()[name]["containers"]
    for source in container.get("envFrom", ()):
        assert source == {"configMapRef": {"name": "refrain"}}
    for variable in container["env"]:
        key = variable["valueFrom"]["secretKeyRef"]
        assert (key["name"], key["key"]) == ("refrain", variable["name"])
        assert key["key"] in (offered(EXAMPLE) if key.get("optional") else secret)

    real = {"DATABASE_URL": secret["DATABASE_URL"].replace("CHANGE-ME", "s3cret")}
    settings = load_settings(config | real)

    assert config.keys() <= {setting.name for setting in SETTINGS}
    assert settings.proxies == 1
    assert settings.public_url.startswith("https://")


def test_the_example_of_the_secret_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="CHANGE-ME"):
        load_settings(one("Secret")["stringData"])


def placed(url: str) -> tuple[str, int]:
    """The host without its namespace, and the port."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return parts.hostname.split(".")[0], parts.port


def test_what_is_optional_is_taken_and_has_a_way_out_that_is_shut_otherwise() -> None:
    config, secret = offered(KUBERNETES / "config.yaml"), offered(EXAMPLE)
    real = {name: url.replace("CHANGE-ME", "s3cret") for name, url in secret.items()}
    settings = load_settings(config | real)
    urls = {it.name for it in SETTINGS if it.kind == "URL"}
    always = {
        "DATABASE_URL",
        "REFRAIN_PUBLIC_URL",
    }  # The other is where we are reached.
    ways = {
        (peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"], it["port"])
        for file in optional()
        for policy in read(file)
        for rule in policy["spec"]["egress"]
        for peer, it in product(rule["to"], rule["ports"])
    }

    # Whatever setting leads somewhere is offered, and the way to it, too.
    assert config.keys() | secret.keys() == urls - always
    assert ways == {placed(url) for url in (config | secret).values()}
    assert settings.redis_url
    assert settings.otlp_endpoint
    for name in secret:
        with pytest.raises(ConfigurationError, match="CHANGE-ME"):
            load_settings({name: secret[name]})


def test_the_service_is_given_what_is_optional_in_the_secret_if_it_is_there() -> None:
    (container,) = pods()["refrain"]["containers"]
    given = {it["name"]: it["valueFrom"]["secretKeyRef"] for it in container["env"]}
    may_lack = {name for name, key in given.items() if key.get("optional")}

    assert may_lack == offered(EXAMPLE).keys()


def test_selectors_find_their_pods_and_only_those() -> None:
    labels = {name: its["metadata"]["labels"] for name, its in templates()}

    def found(selector: dict[str, str]) -> set[str]:
        return {name for name, its in labels.items() if selector.items() <= its.items()}

    for name, deployment in of_kind("Deployment").items():
        assert found(deployment["spec"]["selector"]["matchLabels"]) == {name}
    assert found(one("Service")["spec"]["selector"]) == {"refrain"}
    budget = one("PodDisruptionBudget")["spec"]["selector"]["matchLabels"]
    assert found(budget) == {"refrain"}
    spread = pods()["refrain"]["topologySpreadConstraints"][0]
    assert found(spread["labelSelector"]["matchLabels"]) == {"refrain"}
    chosen = {
        name: found(policy["spec"]["podSelector"]["matchLabels"])
        for name, policy in of_kind("NetworkPolicy").items()
    }
    everyone = {"refrain", "refrain-webhooks", "refrain-migrate", "refrain-purge"}
    assert chosen == {
        "refrain-nothing": everyone,
        "refrain-database": everyone,
        "refrain-service": {"refrain"},
        "refrain-webhooks": {"refrain-webhooks"},
        "refrain-redis": {"refrain"},
        "refrain-traces": {"refrain"},
    }


def test_names_lead_to_objects_that_are_there() -> None:
    scaled = one("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert of_kind(scaled["kind"])[scaled["name"]]["apiVersion"] == scaled["apiVersion"]
    for spec in pods().values():
        assert spec.get("serviceAccountName", "refrain") in of_kind("ServiceAccount")
    for path in ingress_paths():
        backend = path["backend"]["service"]
        ports = of_kind("Service")[backend["name"]]["spec"]["ports"]
        assert backend["port"]["name"] in {port["name"] for port in ports}


def test_the_port_is_the_images() -> None:
    (container,) = pods()["refrain"]["containers"]
    (port,) = container["ports"]
    (served,) = one("Service")["spec"]["ports"]
    (let_in,) = of_kind("NetworkPolicy")["refrain-service"]["spec"]["ingress"]

    assert port["containerPort"] == image().port
    assert served["targetPort"] == port["name"]
    assert [it["port"] for it in let_in["ports"]] == [port["name"]]


def rules(app: Flask) -> set[str]:
    return {rule.rule for rule in app.url_map.iter_rules()}


def test_probes_ask_for_what_the_app_answers(app: Flask) -> None:
    (container,) = pods()["refrain"]["containers"]
    probes = {
        kind: container[f"{kind}Probe"]["httpGet"]
        for kind in ("startup", "liveness", "readiness")
    }

    assert {kind: it["path"] for kind, it in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    assert {it["path"] for it in probes.values()} <= rules(app)
    assert {it["port"] for it in probes.values()} == {"http"}


def test_a_pod_that_stops_has_time_to_answer_what_has_begun() -> None:
    spec = pods()["refrain"]
    (container,) = spec["containers"]
    program, pause_s = container["lifecycle"]["preStop"]["exec"]["command"]

    assert program == "sleep"
    assert spec["terminationGracePeriodSeconds"] > int(pause_s) + GRACEFUL_S
    assert pods()["refrain-webhooks"]["terminationGracePeriodSeconds"] > GRACEFUL_S


def test_a_rollout_takes_nothing_away_and_replicas_are_the_scalers_to_choose() -> None:
    for deployment in of_kind("Deployment").values():
        how = deployment["spec"]["strategy"]["rollingUpdate"]
        assert how == {"maxUnavailable": 0, "maxSurge": 1}
    assert "replicas" not in of_kind("Deployment")["refrain"]["spec"]
    assert one("HorizontalPodAutoscaler")["spec"]["minReplicas"] >= 2
    assert one("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1


def ingress_paths() -> list[dict[str, Any]]:
    (rule,) = one("Ingress")["spec"]["rules"]
    paths: list[dict[str, Any]] = rule["http"]["paths"]
    return paths


def is_let_in(path: str) -> bool:
    """Whether the Ingress leads to a path, compared element by element."""

    def matches(rule: dict[str, Any]) -> bool:
        if rule["pathType"] == "Exact":
            return bool(path == rule["path"])
        return path == rule["path"] or path.startswith(rule["path"] + "/")

    return any(map(matches, ingress_paths()))


def test_the_ingress_leads_to_all_but_counts_and_readiness(app: Flask) -> None:
    shut = {rule for rule in rules(app) if not is_let_in(rule)}

    assert shut == INSIDE


def test_the_ingress_takes_the_largest_batch() -> None:
    annotations = one("Ingress")["metadata"]["annotations"]
    size = annotations["nginx.ingress.kubernetes.io/proxy-body-size"]

    assert int(size.removesuffix("m")) * 2**20 == load_settings({}).max_batch_body


def test_only_webhooks_reach_out_and_into_no_private_network() -> None:
    policies = of_kind("NetworkPolicy")
    wide = {
        name
        for name, policy in policies.items()
        for rule in policy["spec"].get("egress", ())
        if any("ipBlock" in peer for peer in rule["to"])
    }
    (rule,) = policies["refrain-webhooks"]["spec"]["egress"]
    shut = rule["to"][0]["ipBlock"]["except"]

    assert wide == {"refrain-webhooks"}
    assert rule["ports"] == [{"protocol": "TCP", "port": 443}]
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= {
        *shut
    }
    assert policies["refrain-nothing"]["spec"].keys() == {"podSelector", "policyTypes"}
    assert policies["refrain-nothing"]["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_what_the_readme_of_deploy_names_is_there() -> None:
    text = (ROOT / "deploy" / "README.md").read_text()
    commands = {it.name for it in cli.COMMANDS if isinstance(it, click.Command)}

    for path in re.findall(r"deploy/[\w./-]+\w", text):
        assert (ROOT / path).exists() or path in {"deploy/.env", "deploy/tls"}, path
    assert set(re.findall(r"service\.cli ([a-z-]+)", text)) <= commands
    for name in re.findall(r"deployment/([\w-]+)", text):
        assert name in of_kind("Deployment")
