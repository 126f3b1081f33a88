"""The files of deploy/: they can be read, and what they name exists."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from clinic.settings import ROOT, Settings
from web.api import health

DEPLOY = ROOT / "deploy"
OF_NGINX = set(re.findall(r"\$\{(LOTUS_\w+)\}", (DEPLOY / "nginx/lotus.conf.template").read_text()))
KNOWN = {f"LOTUS_{name.upper()}" for name in Settings.model_fields} | OF_NGINX
LISTENS = {"web": ("LOTUS_PORT", 8000), "rasa": ("LOTUS_RASA_PORT", 5005), "actions": ("LOTUS_ACTIONS_PORT", 5055)}
Thing = dict[str, Any]

MANIFESTS: list[Thing] = [
    found
    for file in sorted((DEPLOY / "kubernetes").glob("*.yml"))
    for found in yaml.safe_load_all(file.read_text(encoding="utf-8"))
]
COMPOSE: Thing = yaml.safe_load((DEPLOY / "compose.yml").read_text(encoding="utf-8"))
WORKLOADS = [one for one in MANIFESTS if one["kind"] in ("Deployment", "StatefulSet")]


def of_kind(kind: str) -> dict[str, Thing]:
    return {one["metadata"]["name"]: one for one in MANIFESTS if one["kind"] == kind}


def pod(workload: Thing) -> Thing:
    return workload["spec"]["template"]["spec"]


def container(workload: Thing) -> Thing:
    [only] = pod(workload)["containers"]
    return only


def each_workload() -> Any:
    return pytest.mark.parametrize("workload", WORKLOADS, ids=lambda one: one["metadata"]["name"])


def settings_named() -> Iterator[str]:
    for name in ("settings.yml", "secret.example.yml"):
        [kept] = yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text())
        yield from kept.get("data", kept.get("stringData"))
    for workload in WORKLOADS:
        yield from (one["name"] for one in container(workload).get("env", []))
    for service in COMPOSE["services"].values():
        yield from service.get("environment", {})
    yield from re.findall(r"^(\w+)=", (DEPLOY / "lotus.env.example").read_text(), re.MULTILINE)
    yield from re.findall(r"(LOTUS_\w+)=", (DEPLOY / "Dockerfile").read_text())


def test_every_setting_that_is_named_exists() -> None:
    named = {name for name in settings_named() if name.startswith("LOTUS_")}
    assert len(named) > 15
    assert named <= KNOWN


@pytest.mark.parametrize("text", ["compose", "kubernetes"])
def test_everything_that_nginx_is_told_is_set(text: str) -> None:
    proxy = COMPOSE["services"]["proxy"]["environment"]
    if text == "kubernetes":
        proxy = {one["name"]: one["value"] for one in container(of_kind("Deployment")["proxy"])["env"]}
    assert set(proxy) >= OF_NGINX


def test_there_are_two_of_each_part() -> None:
    replicas = {one["metadata"]["name"]: one["spec"]["replicas"] for one in WORKLOADS}
    assert replicas == dict.fromkeys(("proxy", "worker", "web", "rasa", "actions"), 2)
    assert {f"{part}-{number}" for part in ("web", "rasa", "actions", "worker") for number in (1, 2)} <= set(
        COMPOSE["services"]
    )


@each_workload()
def test_each_part_is_probed_limited_and_not_root(workload: Thing) -> None:
    part, safety = container(workload), pod(workload)["securityContext"]
    assert "startupProbe" in part
    assert "livenessProbe" in part
    assert ("readinessProbe" in part) == bool(part.get("ports"))
    assert part["resources"]["limits"]["memory"]
    assert part["resources"]["requests"].keys() == {"cpu", "memory"}
    assert safety["runAsNonRoot"] is True
    assert safety["runAsUser"] > 0
    assert part["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod(workload)["automountServiceAccountToken"] is False


@each_workload()
def test_an_upgrade_of_the_machines_takes_one_of_each_at_a_time(workload: Thing) -> None:
    budget = of_kind("PodDisruptionBudget")[workload["metadata"]["name"]]["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == workload["spec"]["selector"]
    assert workload["spec"]["template"]["metadata"]["labels"] == budget["selector"]["matchLabels"]


@each_workload()
def test_every_mount_has_its_volume(workload: Thing) -> None:
    claims = [one["metadata"]["name"] for one in workload["spec"].get("volumeClaimTemplates", [])]
    volumes = [one["name"] for one in pod(workload)["volumes"]] + claims
    assert [one["name"] for one in container(workload)["volumeMounts"] if one["name"] not in volumes] == []


@pytest.mark.parametrize("name", LISTENS)
def test_a_service_and_its_neighbours_agree_on_the_port(name: str) -> None:
    variable, port = LISTENS[name]
    assert Settings.model_fields[variable.removeprefix("LOTUS_").lower()].default == port
    workload = of_kind("StatefulSet")[name]
    assert container(workload)["ports"] == [{"name": "http", "containerPort": port}]
    service = of_kind("Service")[name]["spec"]
    assert service["selector"] == {"app": name}
    assert [(one["port"], one["targetPort"]) for one in service["ports"]] == [(port, "http")]
    allowed = of_kind("NetworkPolicy")[name]["spec"]["ingress"]
    assert [one["port"] for rule in allowed for one in rule["ports"]] == [port]
    told = json.dumps([*MANIFESTS, COMPOSE])
    assert set(re.findall(rf"{name}-\d(?:[.\w-]*)?:(\d+)", told)) == {str(port)}


def test_every_address_in_kubernetes_is_a_pod_that_runs() -> None:
    settings = of_kind("ConfigMap")["lotus-settings"]["data"]
    for variable, name in (("LOTUS_RASA_URL", "rasa"), ("LOTUS_ACTIONS_URL", "actions")):
        workload = of_kind("StatefulSet")[name]["spec"]
        wanted = [f"{name}-{number}.{workload['serviceName']}" for number in range(workload["replicas"])]
        assert re.findall(r"http://([^:]+):", settings[variable]) == wanted


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, one in COMPOSE["services"].items() if "ports" in one] == ["proxy"]
    assert COMPOSE["networks"]["back"]["internal"] is True
    for name in ("postgres", "redis", "rasa-1", "rasa-2", "actions-1", "actions-2"):
        assert COMPOSE["services"][name]["networks"] == ["back"]
    assert [name for name, one in of_kind("Service").items() if one["spec"].get("type")] == ["proxy"]
    assert of_kind("NetworkPolicy")["nobody"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}


def test_every_container_of_compose_has_a_limit_and_comes_back() -> None:
    for name, one in COMPOSE["services"].items():
        assert one["mem_limit"], name
        assert one["restart"] == "unless-stopped", name


def test_what_is_probed_of_web_exists_and_needs_no_other_part() -> None:
    paths = {getattr(route, "path", "") for route in health.router.routes}
    probes = [container(of_kind("StatefulSet")["web"])[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")]
    asked = {probe["httpGet"]["path"] for probe in probes}
    assert asked == {"/healthz"}
    assert asked <= paths


def test_the_images_run_as_nobody_and_hold_no_tests() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    assert re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE) == ["10001:10001"] * 2
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE)
    for source in {name for line in copied for name in line.split()}:
        assert (ROOT / source).exists(), source
        assert not source.startswith(("tests", "benchmarks"))


def test_kustomize_names_files_that_exist() -> None:
    kustomization = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())
    named = kustomization["resources"] + [
        one.partition("=")[2] for generated in kustomization["configMapGenerator"] for one in generated["files"]
    ]
    assert [name for name in named if not (DEPLOY / name).is_file()] == []
    assert {image["name"] for image in kustomization["images"]} <= {container(one)["image"] for one in WORKLOADS}


def test_the_proxy_keeps_streams_unbuffered_and_the_inner_pages_closed() -> None:
    told = (DEPLOY / "nginx/lotus.conf.template").read_text()
    assert told.count("{") == told.count("}")
    streams = re.search(r"location ~ (\S+) \{(.+?)\n    \}", told, re.DOTALL)
    assert streams
    assert "proxy_buffering off;" in streams[2]
    for path in ("/api/conversations/abc/events", "/console/events", "/console/conversations/abc/events"):
        assert re.match(streams[1], path), path
    assert re.findall(r"location = (\S+) \{ return 403; \}", told) == ["/metrics", "/readyz"]
