"""SIGKILL of each process: it comes back, and health tells the truth meanwhile."""

import time

import pytest

from tests.stack import Reply, Stack, eventually

BACK_SECONDS = 5.0
SERVICES = ("auth", "orchestrator", "proxy", "billing", "analytics")


@pytest.mark.parametrize("name", [*SERVICES, "nats", "postgres", "envoy", "demo-provider"])
async def test_a_killed_process_is_back_within_five_seconds(stack: Stack, name: str):
    killed = stack.pid(name)
    at = time.monotonic()
    stack.kill(name)

    async def pid() -> int:
        return stack.pid(name)

    await eventually(pid, until=lambda found: found != killed, seconds=BACK_SECONDS)

    await stack.until_serving(seconds=BACK_SECONDS + 10)
    key = stack.ready["api_key"]

    async def ask() -> Reply | None:
        try:
            return await stack.chat(key, max_tokens=1)
        except OSError:
            return None

    await eventually(ask, until=lambda a: a is not None and a.status == 200, seconds=10)
    assert time.monotonic() - at < BACK_SECONDS + 10


@pytest.mark.parametrize("name", SERVICES)
async def test_health_tells_which_service_is_missing(stack: Stack, name: str):
    async def states() -> dict[str, str]:
        answer = await stack.call("GET", "/health")
        assert answer.status == 200
        return {s["service"]: s["status"] for s in answer.json["services"]}

    def all_serve(seen: dict[str, str]) -> bool:
        return set(seen.values()) == {"STATUS_SERVING"}

    await eventually(states, until=all_serve)
    stack.kill(name)
    seen = await eventually(states, until=lambda s: s[name] == "STATUS_NOT_SERVING", seconds=3)
    assert [service for service in SERVICES if seen[service] != "STATUS_SERVING"] == [name]
    await eventually(states, until=all_serve, seconds=15)
