"""Providers over gRPC."""

import asyncpg
import grpc
import pytest
from aggregator.orchestrator.v1 import provider_service_pb2 as pb2

from services.chassis.status import reason_of
from tests.contract.orchestrator.conftest import OPERATOR, Metadata, Orchestrator, acting
from tests.contract.orchestrator.requests import create_provider, put_offer

WORD = "word-that-nobody-may-see"


async def _create(orchestrator: Orchestrator, provider_id: str, **fields: str) -> pb2.Provider:
    request = create_provider(provider_id, **fields)
    return (await orchestrator.providers.CreateProvider(request, metadata=OPERATOR)).provider


async def _get(orchestrator: Orchestrator, provider_id: str) -> pb2.Provider:
    request = pb2.GetProviderRequest(provider_id=provider_id)
    return (await orchestrator.providers.GetProvider(request, metadata=OPERATOR)).provider


async def test_a_provider_is_created_read_and_deleted(orchestrator: Orchestrator) -> None:
    made = await _create(orchestrator, "alpha", base_url="https://alpha.example/v1/")

    assert await _get(orchestrator, "alpha") == made
    assert (made.display_name, made.base_url) == ("alpha", "https://alpha.example/v1")
    assert made.format == pb2.PROVIDER_FORMAT_OPENAI
    assert made.create_time.seconds > 0
    request = pb2.DeleteProviderRequest(provider_id="alpha")
    await orchestrator.providers.DeleteProvider(request, metadata=OPERATOR)
    with pytest.raises(grpc.aio.AioRpcError) as gone:
        await _get(orchestrator, "alpha")
    assert gone.value.code() == grpc.StatusCode.NOT_FOUND


async def test_a_taken_id_is_refused(orchestrator: Orchestrator) -> None:
    await _create(orchestrator, "alpha")

    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await _create(orchestrator, "alpha", base_url="https://elsewhere.example")

    assert refusal.value.code() == grpc.StatusCode.ALREADY_EXISTS
    assert reason_of(refusal.value) == "RESOURCE_EXISTS"


@pytest.mark.parametrize(
    "base_url", ["http://169.254.169.254", "https://127.1", "ftp://x", "https://u@x"]
)
async def test_a_dangerous_url_is_refused(orchestrator: Orchestrator, base_url: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await _create(orchestrator, "alpha", base_url=base_url)

    assert refusal.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(refusal.value) == "INVALID_FIELD"


async def test_providers_are_listed_by_id_in_pages(orchestrator: Orchestrator) -> None:
    for name in ("charlie", "alpha", "b-ravo", "bravo", "delta"):
        await _create(orchestrator, name)

    pages: list[list[str]] = []
    token = ""
    while not pages or token:
        request = pb2.ListProvidersRequest(page_size=2, page_token=token)
        answer = await orchestrator.providers.ListProviders(request, metadata=OPERATOR)
        pages.append([each.provider_id for each in answer.providers])
        token = answer.next_page_token

    assert pages == [["alpha", "b-ravo"], ["bravo", "charlie"], ["delta"]]


async def test_a_strange_page_token_is_refused(orchestrator: Orchestrator) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await orchestrator.providers.ListProviders(
            pb2.ListProvidersRequest(page_token="strange"), metadata=OPERATOR
        )

    assert refusal.value.code() == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ((), grpc.StatusCode.UNAUTHENTICATED),
        (acting("user"), grpc.StatusCode.PERMISSION_DENIED),
        (acting("key"), grpc.StatusCode.PERMISSION_DENIED),
    ],
)
async def test_only_operators_see_or_change_providers(
    orchestrator: Orchestrator, metadata: Metadata, code: grpc.StatusCode
) -> None:
    stub = orchestrator.providers
    calls = [
        stub.CreateProvider(create_provider("alpha"), metadata=metadata),
        stub.GetProvider(pb2.GetProviderRequest(), metadata=metadata),
        stub.ListProviders(pb2.ListProvidersRequest(), metadata=metadata),
        stub.DeleteProvider(pb2.DeleteProviderRequest(), metadata=metadata),
        orchestrator.models.PutOffer(put_offer("gpt", provider_id="alpha"), metadata=metadata),
    ]

    for call in calls:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await call
        assert refusal.value.code() == code


async def test_a_credential_is_never_returned(orchestrator: Orchestrator) -> None:
    made = await _create(orchestrator, "alpha", credential=WORD)
    listed = await orchestrator.providers.ListProviders(
        pb2.ListProvidersRequest(), metadata=OPERATOR
    )

    assert made.has_credential
    for message in (made, await _get(orchestrator, "alpha"), listed):
        assert WORD not in str(message)


async def test_a_credential_is_stored_encrypted(orchestrator: Orchestrator) -> None:
    await _create(orchestrator, "alpha", credential=WORD)

    connection = await asyncpg.connect(
        orchestrator.database.owner_url.replace("postgresql+asyncpg", "postgresql")
    )
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        for (table,) in tables:
            for row in await connection.fetch(f"SELECT * FROM {table}"):  # noqa: S608
                assert WORD not in repr(row)
        sealed = await connection.fetchval("SELECT ciphertext FROM provider_credential")
        # GCM's tag makes it 16 bytes longer.
        assert len(sealed) == len(WORD) + 16
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE price SET input_nanos_per_million = 0",
        "DELETE FROM price",
        "UPDATE provider SET base_url = 'https://elsewhere.example'",
        "UPDATE provider_credential SET provider_id = 'bravo'",
        "CREATE TABLE mine (id int)",
        "DROP TABLE offer",
    ],
)
async def test_the_runtime_role_may_not(orchestrator: Orchestrator, statement: str) -> None:
    connection = await asyncpg.connect(
        orchestrator.database.url.replace("postgresql+asyncpg", "postgresql")
    )
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()
