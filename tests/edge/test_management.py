"""Management: checked by auth, transcoded, and shaped like an API of this platform."""

import grpc
import pytest
from aggregator.auth.v1 import identity_service_pb2, identity_service_pb2_grpc
from aggregator.billing.v1 import balance_service_pb2, balance_service_pb2_grpc
from aggregator.health.v1 import health_service_pb2, health_service_pb2_grpc
from yarl import URL

from .authorities import MESH_SECRET, identifies, refuses
from .conftest import World
from .edge_process import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_rest_reaches_the_service_with_auths_identity(world: World) -> None:
    world.auth.verdict = identifies("from-auth")
    headers = {"X-Aggregator-Identity": "root", "x-aggregator-mesh": MESH_SECRET}
    async with world.client.get(world.edge.url + "/auth/me", headers=headers) as answer:
        assert answer.status == 200
        assert not [name for name in answer.headers if name.lower().startswith("grpc-")]
        user = (await answer.json())["user"]
        assert user == {"user_id": "u_1", "email": "", "role": "ROLE_UNSPECIFIED"}
    called = world.platform.metadata[-1]
    assert called["x-aggregator-identity"] == "from-auth"
    assert "x-aggregator-mesh" not in called
    assert "traceparent" in called
    assert world.auth.metadata[-1]["x-aggregator-mesh"] == MESH_SECRET
    assert world.auth.metadata[-1]["traceparent"][:35] == called["traceparent"][:35]


async def test_a_large_answer_passes(world: World) -> None:
    world.auth.verdict = identifies("me")
    world.platform.email = "x" * 3_000_000
    async with world.client.get(world.edge.url + "/auth/me") as answer:
        user = (await answer.json())["user"]
    assert user["email"] == world.platform.email
    world.platform.email = ""


async def test_grpc_reaches_the_service_with_auths_identity(world: World) -> None:
    world.auth.verdict = identifies("from-auth")
    async with grpc.aio.insecure_channel(world.edge.settings.edge_address) as channel:
        stub = identity_service_pb2_grpc.IdentityServiceStub(channel)
        metadata = (("x-aggregator-identity", "root"), ("x-aggregator-mesh", MESH_SECRET))
        await stub.GetMe(identity_service_pb2.GetMeRequest(), metadata=metadata)
    called = world.platform.metadata[-1]
    assert called["x-aggregator-identity"] == "from-auth"
    assert "x-aggregator-mesh" not in called


async def test_auth_gets_headers_and_no_body(world: World) -> None:
    world.auth.verdict = identifies("me")
    login = {"email": "a@b.example", "password": "long enough"}
    async with world.client.post(world.edge.url + "/auth/login", json=login) as answer:
        assert answer.status == 200
    http = world.auth.asked[-1].attributes.request.http
    assert (http.path, http.method, http.raw_body, http.body) == ("/auth/login", "POST", b"", "")


async def test_a_refusal_of_auth_passes_as_it_is(world: World) -> None:
    body = {"code": 16, "message": "Say who you are.", "details": []}
    world.auth.verdict = refuses(401, body)
    async with world.client.get(world.edge.url + "/auth/me") as answer:
        assert (answer.status, await answer.json()) == (401, body)


async def test_a_refusal_of_auth_is_a_grpc_status_to_a_grpc_client(world: World) -> None:
    world.auth.verdict = refuses(401, "Say who you are.")
    async with grpc.aio.insecure_channel(world.edge.settings.edge_address) as channel:
        stub = identity_service_pb2_grpc.IdentityServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await stub.GetMe(identity_service_pb2.GetMeRequest())
    assert failure.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_service_that_is_gone(world: World) -> None:
    world.auth.verdict = identifies("me")
    async with world.client.get(world.edge.url + "/billing/balance/u") as answer:
        assert answer.status == 503
        assert await answer.json() == {
            "code": 14,
            "message": "The service can't be reached right now; try again in a moment.",
            "details": [],
        }
    async with grpc.aio.insecure_channel(world.edge.settings.edge_address) as channel:
        stub = balance_service_pb2_grpc.BalanceServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await stub.GetBalance(balance_service_pb2.GetBalanceRequest())
    assert failure.value.code() is grpc.StatusCode.UNAVAILABLE
    said = "The service can't be reached right now; try again in a moment."
    assert failure.value.details() == said


async def test_health_answers_while_one_service_lives(world: World) -> None:
    for _ in range(10):
        async with world.client.get(world.edge.url + "/health") as answer:
            assert answer.status == 200
            assert (await answer.json())["status"] == "STATUS_DEGRADED"
    async with grpc.aio.insecure_channel(world.edge.settings.edge_address) as channel:
        stub = health_service_pb2_grpc.HealthServiceStub(channel)
        answer = await stub.GetHealth(health_service_pb2.GetHealthRequest())
    assert answer.status == health_service_pb2.STATUS_DEGRADED


async def test_an_unknown_grpc_service(world: World) -> None:
    async with grpc.aio.insecure_channel(world.edge.settings.edge_address) as channel:
        call = channel.unary_unary("/aggregator.nothing.v1.Nothing/Get")
        with pytest.raises(grpc.aio.AioRpcError) as failure:
            await call(b"")
    assert failure.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert failure.value.details() == "There is nothing at this address."


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/auth/nothing", 404),
        ("POST", "/auth/me", 404),
        ("GET", "/auth/me?unknown=1", 400),
        ("GET", "/auth/../auth//me", 200),
        ("GET", "/auth%2Fme", 200),
    ],
)
async def test_paths_and_parameters(world: World, method: str, path: str, status: int) -> None:
    world.auth.verdict = identifies("me")
    url = URL(world.edge.url + path, encoded=True)
    async with world.client.request(method, url) as answer:
        assert answer.status == status, await answer.text()
        assert isinstance(await answer.json(), dict)


async def test_a_body_that_is_not_json(world: World) -> None:
    world.auth.verdict = identifies("me")
    async with world.client.post(world.edge.url + "/auth/login", data=b"{") as answer:
        assert answer.status == 400
        assert (await answer.json())["code"] == 3


async def test_the_control_plane_knows_the_edge(world: World) -> None:
    plane = await eventually(lambda: world.control_plane.metadata or None)
    assert plane[0]["x-aggregator-mesh"] == MESH_SECRET
