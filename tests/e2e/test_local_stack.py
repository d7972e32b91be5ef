"""`./scripts/up` as a person meets it: twice side by side, again on the same data, and refused."""

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.servers import free_ports
from tests.stack import ROOT, Stack, running_stack


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def refusal(*arguments: str) -> str:
    """Starts a stack that can't run; returns what it says last."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.local",
        *arguments,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen' / 'python'}"},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        _, problem = await process.communicate()
    assert process.returncode == 1
    text = problem.decode().strip()
    assert "Traceback" not in text
    return text.splitlines()[-1]


async def test_a_second_stack_keeps_its_data_over_a_restart_and_leaves_no_process(
    stack: Stack, tmp_path: Path
):
    async with running_stack(data=tmp_path / "data") as second:
        assert second.edge_url != stack.edge_url
        customer = await second.new_customer(dollars=2)
        assert (await second.chat(customer.api_key, max_tokens=5)).status == 200
        [record] = await second.usage_of(customer, records=1)
        balance = await second.posted(customer)
        assert balance == 2_000_000_000 - int(record["amount_nanos"])
        # The first stack knows nothing of it.
        assert (await stack.chat(customer.api_key)).status == 401
        demo_key = second.ready["api_key"]
        pids = list(second.ready["processes"].values())
    assert not [pid for pid in pids if is_alive(pid)]
    assert not (tmp_path / "data" / "ready.json").exists()

    async with running_stack(data=tmp_path / "data") as again:
        assert again.ready["api_key"] == demo_key
        assert await again.posted(customer) == balance
        assert (await again.chat(customer.api_key, max_tokens=1)).status == 200
        assert (await again.trial_balance())["sum_nanos"] == "0"


async def test_a_port_in_use_is_one_sentence(stack: Stack, tmp_path: Path):
    port = stack.edge_url.rpartition(":")[2]
    problem = await refusal("--port", port, "--data", str(tmp_path / "data"))
    assert port in problem


async def test_data_in_use_is_one_sentence(stack: Stack):
    problem = await refusal("--port", str(free_ports(10)), "--data", str(stack.data))
    assert str(stack.data) in problem


async def test_data_that_is_a_file_is_one_sentence(tmp_path: Path):
    (tmp_path / "data").write_text("not a directory")
    problem = await refusal("--port", str(free_ports(10)), "--data", str(tmp_path / "data"))
    assert str(tmp_path / "data") in problem


@pytest.mark.parametrize("path", ["/", "/auth/nothing"])
async def test_an_unknown_address_is_404_in_json(stack: Stack, path: str):
    async with aiohttp.ClientSession() as session, session.get(stack.edge_url + path) as answer:
        assert answer.status in {401, 404}
        assert (await answer.json())["code"] in {5, 16}
