"""Each process is given what it needs, and nobody else's secrets."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from services.local.layout import Layout
from services.local.mesh import SERVICES, WITH_DATABASE
from services.local.plan import Plan
from services.local.ports import Ports
from services.local.process_spec import ProcessSpec


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    layout = Layout(tmp_path)
    layout.prepare()
    surroundings = {
        "PATH": os.environ["PATH"],
        "OPENAI_API_KEY": "not-for-children",
        "PYTHONHOME": "/elsewhere",
        "AGG_MAX_REQUEST_SECONDS": "30",
        "AGG_LOG_LEVEL": "debug",
        "no_proxy": "example.com",
    }
    return Plan(layout, ports=Ports(4000), socket_folder=layout.run, environment=surroundings)


@pytest.fixture
def services(plan: Plan) -> dict[str, ProcessSpec]:
    return {spec.name: spec for spec in plan.services()}


def test_every_service_listens_on_its_own_port(services: dict[str, ProcessSpec]):
    listening = {name: spec.environment["AGG_LISTEN_ADDRESS"] for name, spec in services.items()}
    assert listening == {
        "auth": "127.0.0.1:4001",
        "orchestrator": "127.0.0.1:4002",
        "proxy": "127.0.0.1:4003",
        "billing": "127.0.0.1:4004",
        "analytics": "127.0.0.1:4005",
    }


def test_the_proxy_has_no_database(services: dict[str, ProcessSpec]):
    with_database = {n for n, s in services.items() if "AGG_DATABASE_URL" in s.environment}
    assert with_database == set(WITH_DATABASE)


def test_no_service_sees_the_database_or_broker_password_of_another(
    plan: Plan, services: dict[str, ProcessSpec]
):
    for name, spec in services.items():
        text = "\n".join(spec.environment.values())
        for other in set(SERVICES) - {name}:
            assert (plan.layout.secrets / f"nats-{other}").read_text() not in text
            if other in WITH_DATABASE:
                assert (plan.layout.secrets / f"postgres-{other}").read_text() not in text


def test_the_running_role_is_not_the_one_that_migrates(services: dict[str, ProcessSpec]):
    billing = services["billing"].environment
    assert billing["AGG_DATABASE_URL"].startswith("postgresql+asyncpg://billing:")
    assert billing["AGG_MIGRATION_DATABASE_URL"].startswith("postgresql+asyncpg://billing_owner:")
    assert billing["AGG_DATABASE_URL"].endswith("@127.0.0.1:4008/billing")


def test_knobs_are_passed_on_and_provider_keys_are_not(services: dict[str, ProcessSpec]):
    proxy = services["proxy"].environment
    assert proxy["AGG_MAX_REQUEST_SECONDS"] == "30"
    assert proxy["AGG_LOG_LEVEL"] == "debug"
    assert "OPENAI_API_KEY" not in proxy
    assert "PYTHONHOME" not in proxy


def test_loopback_is_never_asked_of_a_proxy(services: dict[str, ProcessSpec]):
    assert services["auth"].environment["no_proxy"] == "example.com,127.0.0.1,localhost"


def test_a_service_can_be_started_from_anywhere(services: dict[str, ProcessSpec]):
    auth = services["auth"]
    assert auth.command[1:] == ("-m", "services.auth")
    assert auth.environment["PYTHONPATH"].split(os.pathsep)[1].endswith("gen/python")


def test_the_edge_limits_nobody_and_serves_no_pages_unless_told(plan: Plan):
    quiet = plan.edge_settings()
    assert (quiet.requests_per_minute, quiet.login_requests_per_minute) == (0, 0)
    assert quiet.cors_origins == ()
    told = {
        "AGG_CORS_ORIGINS": "http://localhost:5173, https://app.example.com",
        "AGG_EDGE_REQUESTS_PER_MINUTE": "6000",
        "AGG_EDGE_LOGINS_PER_MINUTE": "30",
    }
    guarded = replace(plan, environment=told).edge_settings()
    assert (guarded.requests_per_minute, guarded.login_requests_per_minute) == (6000, 30)
    assert guarded.cors_origins == ("http://localhost:5173", "https://app.example.com")


def test_the_edge_is_rendered_privately(plan: Plan):
    spec = plan.envoy()
    config = Path(spec.command[spec.command.index("--config-path") + 1])
    assert config.stat().st_mode & 0o077 == 0
    assert "--disable-hot-restart" in spec.command
