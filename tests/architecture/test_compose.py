"""compose.yaml, judged without an engine: its shape, its environment, and the scripts in it."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.analytics.settings import AnalyticsSettings
from services.auth.settings import AuthSettings
from services.billing.settings import BillingSettings
from services.chassis.environment import PREFIX
from services.chassis.settings import ServiceSettings
from services.local.edge_config import EdgeSettings
from services.local.mesh import WITH_DATABASE
from services.orchestrator.settings import OrchestratorSettings
from services.proxy.settings import ProxySettings
from tests.architecture.sources import REPOSITORY, SERVICES

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text("utf-8"))
CONTAINERS: dict[str, dict[str, Any]] = COMPOSE["services"]
JOBS = {"secrets", "databases", "edge-config", *(f"migrate-{name}" for name in WITH_DATABASE)}
SETTINGS: dict[str, type[ServiceSettings]] = {
    "auth": AuthSettings,
    "orchestrator": OrchestratorSettings,
    "proxy": ProxySettings,
    "billing": BillingSettings,
    "analytics": AnalyticsSettings,
}
SECRET = re.compile(r"[0-9a-f]{48}")


def script(name: str, **moved: Path) -> str:
    """Returns a script as the shell gets it, with folders of the container moved elsewhere."""
    text = COMPOSE["configs"][name]["content"].replace("$$", "$")
    for folder, place in moved.items():
        text = re.sub(rf"(?<![\w/])/{folder}\b", str(place), text)
    return text


def exported() -> set[str]:
    """Returns what run-service adds to the environment."""
    return set(re.findall(r"export (AGG_\w+)=", script("run-service")))


def mounts(container: str) -> dict[str, str]:
    """Returns the volumes of a container by where they are mounted."""
    volumes = [each.split(":") for each in CONTAINERS[container].get("volumes", [])]
    return {target: source for source, target, *_ in volumes}


def test_every_container_of_the_platform_is_there():
    assert CONTAINERS.keys() - JOBS == {"postgres", "nats", "pod", "envoy", *SERVICES}
    assert CONTAINERS.keys() >= JOBS


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_a_container_has_a_command_and_lives_as_it_should(name: str):
    container = CONTAINERS[name]
    assert container["command"]
    if name in JOBS:
        assert container["restart"] == "no"
        assert "healthcheck" not in container
    else:
        assert container["restart"] == "unless-stopped"
        assert container["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", sorted(CONTAINERS))
def test_an_image_is_ours_or_has_a_whole_version(name: str):
    container = CONTAINERS[name]
    ours = container["image"] == "ai-aggregator:0.1.0" and container["build"] == "."
    assert ours or re.search(r":v?\d+\.\d+", container["image"])


def test_only_the_edge_is_published_and_on_loopback_at_first():
    assert {name for name, each in CONTAINERS.items() if "ports" in each} == {"pod"}
    assert CONTAINERS["pod"]["ports"] == ["${EDGE_BIND:-127.0.0.1}:${EDGE_PORT:-3000}:3000"]
    assert CONTAINERS["envoy"]["network_mode"] == "service:pod"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("job", [False, True])
def test_the_environment_is_what_the_settings_read(service: str, *, job: bool):
    if job and service not in WITH_DATABASE:
        return
    container = CONTAINERS[f"migrate-{service}" if job else service]
    given = {name for name in container["environment"] if name.startswith(PREFIX)} | exported()
    known = {PREFIX + field.name.upper(): field for field in fields(SETTINGS[service])}
    required = {name for name, field in known.items() if field.default is MISSING}
    assert required <= given
    assert given - exported() <= known.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_listens_where_the_others_look_for_it(service: str):
    environment = CONTAINERS[service]["environment"]
    listens = environment["AGG_LISTEN_ADDRESS"].rpartition(":")
    assert listens[0] == "0.0.0.0"  # noqa: S104 - inside its container
    assert environment[f"AGG_{service.upper()}_ADDRESS"] == f"{service}:{listens[2]}"
    reachable = {service, *CONTAINERS["pod"]["networks"]["default"]["aliases"]}
    assert service in reachable
    assert CONTAINERS[service]["command"] == ["sh", "/run/service.sh", service]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_after_its_database_and_secrets(service: str):
    first = f"migrate-{service}" if service in WITH_DATABASE else "secrets"
    condition = CONTAINERS[service]["depends_on"][first]["condition"]
    assert condition == "service_completed_successfully"


def test_what_a_container_waits_for_exists():
    for container in CONTAINERS.values():
        assert container.get("depends_on", {}).keys() <= CONTAINERS.keys()


def test_volumes_and_scripts_are_declared_and_used():
    used = {source for name in CONTAINERS for source in mounts(name).values()}
    assert used == set(COMPOSE["volumes"])
    scripts = {each["source"] for one in CONTAINERS.values() for each in one.get("configs", [])}
    assert scripts == set(COMPOSE["configs"])


def test_envoy_and_the_proxy_share_journal_and_socket():
    for folder in ("/journal", "/sockets"):
        assert mounts("envoy")[folder] == mounts("proxy")[folder]
    assert CONTAINERS["proxy"]["network_mode"] == CONTAINERS["envoy"]["network_mode"]
    # The account of the image, see Dockerfile.
    assert CONTAINERS["envoy"]["user"] == "10001:10001"


def edge_options() -> dict[str, str]:
    options = [each for each in CONTAINERS["edge-config"]["command"] if each.startswith("--")]
    return dict(each.removeprefix("--").split("=", 1) for each in options)


def test_the_edge_is_rendered_with_options_that_exist():
    options = edge_options()
    known = {name.replace("_", "-") for name in EdgeSettings.__dataclass_fields__}
    assert options.keys() - {"out", "mesh-secret-file"} <= known
    fields_required = {
        field.name.replace("_", "-") for field in fields(EdgeSettings) if field.default is MISSING
    }
    assert fields_required - {"mesh-secret"} <= options.keys()


def test_the_edge_and_the_proxy_agree():
    options, environment = edge_options(), CONTAINERS["proxy"]["environment"]
    assert options["admission-socket"] == environment["AGG_ADMISSION_SOCKET"]
    assert options["journal-path"] == environment["AGG_JOURNAL_FILE"]
    assert options["admin-address"] == environment["AGG_ENVOY_ADMIN_ADDRESS"]
    assert options["max-request-seconds"] == environment["AGG_MAX_REQUEST_SECONDS"]
    assert f"--config-path {options['out']} " in " ".join(CONTAINERS["envoy"]["command"])


def test_no_secret_stands_in_the_file():
    text = (REPOSITORY / "compose.yaml").read_text("utf-8")
    for name, container in CONTAINERS.items():
        for variable, value in container.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|CREDENTIAL|_KEY", variable):
                assert str(value).startswith("/secrets/"), f"{name}: {variable}"
    assert not re.search(r"[0-9a-fA-F]{24}", text)
    assert not re.search(r"://\w+:\w+@", text)


def test_every_container_sees_only_its_own_secrets():
    for name in CONTAINERS.keys() - {"secrets"}:
        assert "vault" not in mounts(name).values()
        seen = {each for each in mounts(name).values() if each.startswith("secrets-")}
        assert len(seen) <= 1
    for service in SERVICES:
        assert mounts(service)["/secrets"] == f"secrets-{service}"


@pytest.fixture
def programs(tmp_path: Path) -> dict[str, str]:
    """An environment whose `chown` and `python` do nothing but tell."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, line in {"chown": "true", "python": 'env; echo "ran $*"'}.items():
        program = folder / name
        program.write_text(f"#!/bin/sh\n{line}\n")
        program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def run(text: str, *arguments: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["sh", "-c", text, "script", *arguments],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.stdout


def make_secrets(folder: Path, *, environment: dict[str, str]) -> dict[str, str]:
    """Runs the job `secrets` on folders of ours; returns what it gave to whom."""
    vault, given = folder / "vault", folder / "given"
    vault.mkdir(exist_ok=True)
    for consumer in ("postgres", "migrate", "nats", *SERVICES):
        (given / consumer).mkdir(parents=True, exist_ok=True)
    text = script("make-secrets", vault=vault, given=given, owned=folder)
    run(text, environment=environment)
    files = sorted(path for path in given.rglob("*") if path.is_file())
    assert {path.stat().st_mode & 0o077 for path in files} == {0}
    return {path.relative_to(given).as_posix(): path.read_text() for path in files}


def test_secrets_are_made_once_and_given_to_whom_they_concern(
    tmp_path: Path, programs: dict[str, str]
):
    given = make_secrets(tmp_path, environment=programs)
    single = {name: text for name, text in given.items() if not name.endswith(".conf")}
    assert all(SECRET.fullmatch(text) for text in single.values())
    mesh = {single[f"{service}/mesh"] for service in SERVICES}
    assert len(mesh) == 1
    # Mesh, superuser, operator; a NATS user for each service, two roles for each database.
    assert len(set(single.values())) == 3 + len(SERVICES) + 2 * len(WITH_DATABASE)
    for service in WITH_DATABASE:
        assert single[f"{service}/postgres"] == single[f"postgres/{service}"]
        assert single[f"migrate/{service}"] == single[f"postgres/{service}_owner"]
    assert make_secrets(tmp_path, environment=programs) == given


def test_nats_takes_the_configuration(tmp_path: Path, programs: dict[str, str]):
    given = make_secrets(tmp_path, environment=programs)
    file = tmp_path / "nats.conf"
    file.write_text(given["nats/nats.conf"])
    nats = shutil.which("nats-server", path=str(Path(sys.executable).parent))
    assert nats
    subprocess.run([nats, "--config", str(file), "-t"], check=True, capture_output=True, timeout=30)
    for service in SERVICES:
        assert f'{{user: {service}, password: "{given[f"{service}/nats"]}"}}' in file.read_text()


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_started_with_its_own_passwords(
    service: str, tmp_path: Path, programs: dict[str, str]
):
    given = make_secrets(tmp_path, environment=programs)
    text = script("run-service", secrets=tmp_path / "given" / service)
    told = run(text, service, environment=programs).splitlines()
    assert f"ran -m services.{service}" in told
    assert f"AGG_NATS_URL=nats://{service}:{given[f'{service}/nats']}@nats:4222" in told
    database = [line for line in told if line.startswith("AGG_DATABASE_URL=")]
    if service in WITH_DATABASE:
        login = f"{service}:{given[f'{service}/postgres']}"
        assert database == [
            f"AGG_DATABASE_URL=postgresql+asyncpg://{login}@postgres:5432/{service}"
        ]
    else:
        assert database == []
    assert not [line for line in told if "MIGRATION" in line]


@pytest.mark.parametrize("service", WITH_DATABASE)
def test_a_migration_runs_as_the_owner(service: str, tmp_path: Path, programs: dict[str, str]):
    given = make_secrets(tmp_path, environment=programs)
    text = script("run-service", secrets=tmp_path / "given" / "migrate")
    told = run(text, service, "migrate", environment=programs).splitlines()
    login = f"{service}_owner:{given[f'migrate/{service}']}"
    url = f"postgresql+asyncpg://{login}@postgres:5432/{service}"
    assert f"AGG_MIGRATION_DATABASE_URL={url}" in told
    assert f"ran -m services.{service} migrate" in told


def test_the_scripts_are_sound():
    for name in ("make-secrets", "make-databases", "run-service"):
        subprocess.run(["sh", "-n"], input=script(name), text=True, check=True, timeout=10)
    compile(script("probe"), "probe.py", "exec")


def test_the_image_holds_what_the_containers_run():
    lines = (REPOSITORY / "Dockerfile").read_text("utf-8").splitlines()
    copied = {line.split()[1] for line in lines if line.startswith("COPY") and "req" not in line}
    assert copied == {"services", "gen", "envoy"}
    assert "USER 10001:10001" in lines
    installs = [line for line in lines if "pip install" in line]
    assert len(installs) == 2
    assert all("--require-hashes" in line for line in installs)
