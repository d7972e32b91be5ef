"""The whole stack for end-to-end tests: started once, as a user would, and used from outside."""

import asyncio
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import aiohttp

from tests.servers import free_ports

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0
STOP_SECONDS = 40.0
NANOS = 1_000_000_000

Value = TypeVar("Value")


async def eventually(
    probe: Callable[[], Awaitable[Value]],
    *,
    until: Callable[[Value], bool] = bool,
    seconds: float = 15.0,
) -> Value:
    """Asks until the answer is as expected; fails with the last answer otherwise."""
    deadline = time.monotonic() + seconds
    while True:
        value = await probe()
        if until(value):
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"still {value!r} after {seconds} s")
        await asyncio.sleep(0.05)


def nanos(money: Mapping[str, Any]) -> int:
    """Returns an amount of the REST API in nano-dollars."""
    return int(money.get("units") or 0) * NANOS + int(money.get("nanos") or 0)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Returns the body's JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Customer:
    """A user of the platform with a key."""

    user_id: str
    email: str
    password: str
    access_token: str
    key_id: str
    api_key: str


class Stack:
    """A running stack, as its ready.json describes it."""

    def __init__(self, data: Path, session: aiohttp.ClientSession) -> None:
        self.data = data
        self.session = session

    @property
    def ready(self) -> dict[str, Any]:
        """Returns what ready.json says now."""
        return json.loads((self.data / "ready.json").read_text())

    @property
    def edge_url(self) -> str:
        """Returns where the edge is."""
        return self.ready["edge_url"]

    @property
    def edge_address(self) -> str:
        """Returns where the edge is, as `host:port`."""
        return self.edge_url.removeprefix("http://")

    @property
    def demo_url(self) -> str:
        """Returns where the demo provider is."""
        return self.ready["demo_provider_url"]

    def pid(self, process: str) -> int:
        """Returns the pid of a process of the stack."""
        return self.ready["processes"][process]

    def kill(self, process: str) -> None:
        """Kills a process without a word."""
        os.kill(self.pid(process), signal.SIGKILL)

    async def call(
        self,
        method: str,
        path: str,
        *,
        key: str = "",
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Sends a request to the edge."""
        url = path if path.startswith("http") else self.edge_url + path
        content = None
        if raw is not None or body is not None:
            content = BytesIO(json.dumps(body).encode() if raw is None else raw)
        sent = {"content-type": "application/json", **(headers or {})}
        if key:
            sent["authorization"] = f"Bearer {key}"
        async with self.session.request(method, url, data=content, headers=sent) as answer:
            return Reply(answer.status, answer.headers, await answer.read())

    async def operator_token(self) -> str:
        """Signs the operator in."""
        answer = await self.call("POST", "/auth/login", body=self.ready["admin"])
        assert answer.status == 200, answer.body
        return answer.json["tokens"]["access_token"]

    async def new_customer(self, *, dollars: int = 5) -> Customer:
        """Registers a user, pays in, and makes a key: all through the edge."""
        email, password = f"{uuid4().hex}@example.com", secrets.token_urlsafe(12)
        registered = await self.call(
            "POST", "/auth/register", body={"email": email, "password": password}
        )
        assert registered.status == 200, registered.body
        login = await self.call("POST", "/auth/login", body={"email": email, "password": password})
        token = login.json["tokens"]["access_token"]
        if dollars:
            await self.pay(token, dollars=dollars)
        made = await self.call("POST", "/auth/api-keys", key=token, body={"display_name": "test"})
        assert made.status == 200, made.body
        return Customer(
            user_id=registered.json["user"]["user_id"],
            email=email,
            password=password,
            access_token=token,
            key_id=made.json["api_key"]["key_id"],
            api_key=made.json["secret"],
        )

    async def pay(self, token: str, *, dollars: int) -> None:
        """Pays in by the sandbox card."""
        paid = await self.call(
            "POST",
            "/billing/payment/process",
            key=token,
            body={
                "user_id": "me",
                "amount": {"currency_code": "USD", "units": str(dollars)},
                "payment_method": "sandbox_card_success",
                "request_id": str(uuid4()),
            },
        )
        assert paid.status == 200, paid.body

    async def until_serving(self, *, seconds: float = 30) -> None:
        """Waits until every service serves, seen through the edge."""

        async def status() -> str:
            try:
                return (await self.call("GET", "/health")).json["status"]
            except (OSError, ValueError):
                return "unreachable"

        await eventually(status, until=lambda s: s == "STATUS_SERVING", seconds=seconds)

    async def chat(self, key: str, *, path: str = "/v1/chat/completions", **members: Any) -> Reply:
        """Asks for a completion that is not streamed, or reads a whole stream."""
        body = {"model": "demo-chat", "messages": [{"role": "user", "content": "Hi"}], **members}
        return await self.call("POST", path, key=key, body=body)

    async def posted(self, customer: Customer) -> int:
        """Returns a customer's posted balance in nano-dollars."""
        path = f"/billing/balance/{customer.user_id}"
        answer = await self.call("GET", path, key=customer.api_key)
        assert answer.status == 200, answer.body
        return nanos(answer.json["posted"])

    async def usage(self, customer: Customer) -> list[dict[str, Any]]:
        """Returns all terminal records of a customer."""
        path = f"/billing/usage/{customer.user_id}?page_size=1000"
        answer = await self.call("GET", path, key=customer.api_key)
        assert answer.status == 200, answer.body
        return answer.json["records"]

    async def usage_of(self, customer: Customer, *, records: int) -> list[dict[str, Any]]:
        """Waits until a customer has so many terminal records, and returns them."""

        async def list_them() -> list[dict[str, Any]]:
            return await self.usage(customer)

        return await eventually(list_them, until=lambda found: len(found) >= records, seconds=30)

    async def trial_balance(self) -> dict[str, Any]:
        """Returns the proof of the books."""
        token = await self.operator_token()
        return (await self.call("GET", "/billing/trial-balance", key=token)).json

    async def served(self, nonce: str) -> list[dict[str, Any]]:
        """Returns what the demo provider says it served for requests with a nonce."""
        answer = await self.call("GET", f"{self.demo_url}/served")
        return [r for r in answer.json["requests"] if str(r["nonce"]).startswith(nonce)]


@asynccontextmanager
async def running_stack(
    *,
    data: Path | None = None,
    port: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> AsyncGenerator[Stack]:
    """Runs `python -m services.local` until the block ends."""
    folder = data or Path(tempfile.mkdtemp(prefix="agg-e2e-"))
    first_port = port or free_ports(10)
    command = [sys.executable, "-m", "services.local", "--port", str(first_port)]
    output = folder.parent / f"{folder.name}.out"
    with output.open("wb") as log:
        process = subprocess.Popen(
            [*command, "--data", str(folder)],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": f"{ROOT}:{ROOT / 'gen' / 'python'}",
                **(environment or {}),
            },
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        await _until_ready(folder, process, output)
        connector = aiohttp.TCPConnector(limit=500)
        async with aiohttp.ClientSession(connector=connector) as session:
            yield Stack(folder, session)
    finally:
        process.send_signal(signal.SIGINT)
        await asyncio.to_thread(process.wait, STOP_SECONDS)


async def _until_ready(folder: Path, process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not (folder / "ready.json").exists():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = output.read_text(errors="replace")[-6000:]
            raise RuntimeError(f"the stack did not start:\n{tail}")
        await asyncio.sleep(0.1)
