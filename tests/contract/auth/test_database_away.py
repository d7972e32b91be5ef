"""Auth starts without its database, refuses while it is away and goes on when it is back."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from aggregator.auth.v1.verification_service_pb2 import GetJwksRequest, VerifyApiKeyRequest
from aggregator.auth.v1.verification_service_pb2_grpc import VerificationServiceStub

from services.auth.wiring import wire
from tests.contract.auth.client import AuthClient, code_of
from tests.contract.auth.conftest import settings_for
from tests.contract.auth.severable import severable
from tests.contract.running_service import running
from tests.servers import PostgresServer, ServiceDatabase, free_port

DEADLINE_SECONDS = 20.0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Asks until the answer is yes."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await condition():
            pass


async def test_an_outage_is_told_and_survived(
    auth: AuthClient,
    auth_database: ServiceDatabase,
    postgres: PostgresServer,
    nats_url: str,
    auth_folder: Path,
):
    person = await auth.person()
    created = await auth.create_key(person.metadata)
    doomed = await auth.create_key(person.metadata)
    header = f"Bearer {created.secret}"
    port = free_port()
    url = auth_database.url.replace(f":{postgres.port}/", f":{port}/")
    settings = settings_for(url, nats_url, folder=auth_folder)
    async with severable(postgres.port, port=port) as way:
        mending = asyncio.create_task(_mend_once_served(way, settings.listen_address))
        async with running(settings, wire(settings)) as service:
            await mending
            cut_off = AuthClient(service)
            assert (await cut_off.check("/auth/me", authorization=header)).HasField("ok_response")

            await way.sever()

            async def refuses() -> bool:
                answer = await cut_off.check("/auth/me", authorization=header)
                return answer.HasField("denied_response")

            await until(refuses)
            await _assert_told(cut_off, header)
            session = f"Bearer {person.tokens.access_token}"
            assert (await cut_off.check("/x", authorization=session)).HasField("ok_response")
            request = VerifyApiKeyRequest(secret=created.secret)
            assert await code_of(cut_off.mesh.VerifyApiKey(request)) is grpc.StatusCode.UNAVAILABLE

            await auth.revoke(doomed.api_key.key_id, person.metadata)
            await way.mend()

            async def accepts() -> bool:
                return not await refuses()

            await until(accepts)
            late = f"Bearer {doomed.secret}"
            assert (await cut_off.check("/x", authorization=late)).HasField("denied_response")


async def _assert_told(cut_off: AuthClient, header: str) -> None:
    google = (await cut_off.check("/auth/me", authorization=header)).denied_response
    assert google.status.code == 503
    assert json.loads(google.body)["code"] == 14
    openai = (await cut_off.check("/v1/models", authorization=header)).denied_response
    assert openai.status.code == 503
    assert json.loads(openai.body)["error"]["type"] == "api_error"
    for answer in (google, openai):
        headers = {option.header.key: option.header.value for option in answer.headers}
        assert headers["retry-after"] == "1"


async def _mend_once_served(way: Any, address: str) -> None:
    """Brings the database within reach once auth answers without it."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub: Any = VerificationServiceStub(channel)
        await stub.GetJwks(GetJwksRequest(), wait_for_ready=True, timeout=DEADLINE_SECONDS)
    await way.mend()
