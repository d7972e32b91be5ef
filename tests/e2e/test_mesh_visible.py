"""Health and reflection: what operators and debuggers look at."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.stack import Stack

BUF = str(Path(sys.executable).parent / "buf")
SERVICES = ("auth", "orchestrator", "proxy", "billing", "analytics")


async def buf_curl(*arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        BUF,
        "curl",
        "--http2-prior-knowledge",
        "--protocol",
        "grpc",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, problem = await process.communicate()
    assert process.returncode == 0, problem.decode()
    return out.decode()


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/health/live"])
async def test_health_needs_no_credential(stack: Stack, path: str):
    answer = await stack.call("GET", path)
    assert answer.status == 200
    assert answer.json["status"] == "STATUS_SERVING"


async def test_health_names_every_service(stack: Stack):
    answer = await stack.call("GET", "/health")
    assert {s["service"]: s["status"] for s in answer.json["services"]} == dict.fromkeys(
        SERVICES, "STATUS_SERVING"
    )


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_is_listed_and_called_directly(stack: Stack, service: str):
    port = int(stack.edge_address.rpartition(":")[2]) + 1 + SERVICES.index(service)
    url = f"http://127.0.0.1:{port}"
    methods = await buf_curl("--list-methods", url)
    assert f"aggregator.{service}.v1." in methods
    others = [s for s in SERVICES if s != service]
    assert not any(f"aggregator.{other}.v1." in methods for other in others)
    health = await buf_curl("-d", "{}", f"{url}/aggregator.health.v1.HealthService/GetHealth")
    assert json.loads(health)["status"] == "STATUS_SERVING"


async def test_the_edge_lists_and_calls_the_whole_mesh(stack: Stack):
    methods = await buf_curl("--list-methods", stack.edge_url)
    for service in SERVICES:
        assert f"aggregator.{service}.v1." in methods
    key = stack.ready["api_key"]
    models = await buf_curl(
        "-H",
        f"authorization: Bearer {key}",
        "-d",
        "{}",
        f"{stack.edge_url}/aggregator.orchestrator.v1.ModelService/ListModels",
    )
    assert "demo-chat" in models


async def test_a_direct_call_knows_its_caller_too(stack: Stack):
    port = int(stack.edge_address.rpartition(":")[2]) + 4
    call = f"http://127.0.0.1:{port}/aggregator.billing.v1.BalanceService/GetBalance"
    key = stack.ready["api_key"]
    balance = await buf_curl("-H", f"authorization: Bearer {key}", "-d", '{"user_id":"me"}', call)
    assert json.loads(balance)["user_id" if "user_id" in balance else "userId"]


async def test_internal_rpcs_are_closed_at_the_edge_and_to_clients(stack: Stack):
    operator = await stack.operator_token()
    body = {"account_id": "a", "instance": "x", "sequence": "1"}
    for address in (stack.edge_url,):
        answer = await stack.call(
            "POST",
            f"{address}/aggregator.billing.v1.LeaseService/AcquireLease",
            key=operator,
            body=body,
        )
        assert answer.status in {403, 404, 415}
