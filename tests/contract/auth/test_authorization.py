import json
import time
from typing import Any

import grpc
import pytest
from aggregator.auth.v1.identity_service_pb2 import GetMeRequest

from services.chassis import tokens
from services.kernel.caller import Kind
from tests.contract.auth.client import AuthClient, Person, code_of, identity_of, new_check
from tests.contract.auth.conftest import OPERATOR_EMAIL, OPERATOR_PASSWORD


@pytest.fixture
async def person(auth: AuthClient) -> Person:
    return await auth.person()


def headers_of(answer: Any) -> dict[str, str]:
    return {option.header.key: option.header.value for option in answer.denied_response.headers}


async def claims_of(auth: AuthClient, answer: Any) -> tokens.Claims:
    keys = await auth.public_keys()
    kinds = (tokens.IDENTITY_TYPE,)
    return tokens.verify(identity_of(answer), keys, kinds=kinds, now=int(time.time()))


async def test_nobody_passes_without_an_identity(auth: AuthClient):
    answer = await auth.check("/auth/register")
    assert identity_of(answer) == ""
    assert "x-aggregator-identity" in answer.ok_response.headers_to_remove


async def test_openai_paths_need_a_credential(auth: AuthClient):
    answer = await auth.check("/v1/models?limit=1")
    assert answer.denied_response.status.code == 401
    error = json.loads(answer.denied_response.body)["error"]
    assert error["type"] == "invalid_request_error"
    assert error["code"] == "invalid_api_key"
    assert error["param"] is None
    assert headers_of(answer)["content-type"] == "application/json"


@pytest.mark.parametrize("header", ["authorization", "x_api_key"])
async def test_a_key_becomes_an_identity_with_its_scopes(
    auth: AuthClient, person: Person, header: str
):
    created = await auth.create_key(person.metadata, scopes=["models.read"])
    value = created.secret if header == "x_api_key" else f"bearer {created.secret}"
    answer = await auth.check("/v1/models", **{header: value})
    claims = await claims_of(auth, answer)
    assert claims.caller.kind is Kind.USER
    assert claims.caller.user_id == person.user_id
    assert claims.caller.key_id == created.api_key.key_id
    assert claims.caller.scopes == frozenset({"models.read"})
    assert "authorization" not in answer.ok_response.headers_to_remove


async def test_services_accept_the_identity(auth: AuthClient, person: Person):
    header = f"Bearer {person.tokens.access_token}"
    identity = identity_of(await auth.check("/auth/me", authorization=header))
    metadata = (("x-aggregator-identity", identity),)
    me = await auth.identity.GetMe(GetMeRequest(), metadata=metadata)
    assert me.user.user_id == person.user_id


async def test_an_operators_session_is_an_operators_and_her_key_is_not(auth: AuthClient):
    session = (await auth.login(OPERATOR_EMAIL, OPERATOR_PASSWORD)).tokens.access_token
    claims = await claims_of(auth, await auth.check("/x", authorization=f"Bearer {session}"))
    assert claims.caller.is_operator
    metadata = (("authorization", f"Bearer {session}"),)
    secret = (await auth.create_key(metadata)).secret
    claims = await claims_of(auth, await auth.check("/x", authorization=f"Bearer {secret}"))
    assert not claims.caller.is_operator


async def test_an_identity_replaces_what_a_client_made_up(auth: AuthClient, person: Person):
    token = f"Bearer {person.tokens.access_token}"
    answer = await auth.check("/auth/me", authorization=token, x_aggregator_identity="forged")
    [option] = answer.ok_response.headers
    assert option.append_action == option.OVERWRITE_IF_EXISTS_OR_ADD
    assert "x-aggregator-mesh" in answer.ok_response.headers_to_remove


@pytest.mark.parametrize("credential", ["nonsense", "agg_AAAAAAAAAAAA_bad", "a.b.c", "x" * 20_000])
async def test_a_bad_credential_is_refused_in_the_dialect_of_the_path(
    auth: AuthClient, credential: str
):
    header = f"Bearer {credential}"
    openai = await auth.check("/v1/models", authorization=header)
    assert openai.denied_response.status.code == 401
    body = json.loads(openai.denied_response.body)
    assert body["error"]["code"] == "invalid_api_key"
    assert credential not in openai.denied_response.body
    google = await auth.check("/auth/me", authorization=header)
    assert google.denied_response.status.code == 401
    body = json.loads(google.denied_response.body)
    assert body["code"] == 16
    [info] = body["details"]
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info["reason"], info["domain"]) == ("INVALID_CREDENTIAL", "aggregator")
    assert credential not in google.denied_response.body
    assert headers_of(google)["www-authenticate"] == "Bearer"


async def test_a_grpc_client_gets_a_plain_message(auth: AuthClient):
    answer = await auth.check(
        "/aggregator.auth.v1.IdentityService/GetMe",
        authorization="Bearer nonsense",
        content_type="application/grpc+proto",
    )
    assert not answer.denied_response.body.startswith("{")
    assert "grpc-status-details-bin" in headers_of(answer)
    assert "content-type" not in headers_of(answer)


async def test_another_scheme_is_no_credential(auth: AuthClient):
    answer = await auth.check("/auth/register", authorization="Basic dXNlcjpwYXNz")
    assert identity_of(answer) == ""


async def test_only_envoy_may_ask(auth: AuthClient, person: Person):
    request = new_check()
    call = auth.not_envoy.Check(request)
    assert await code_of(call) is grpc.StatusCode.UNAUTHENTICATED
    call = auth.not_envoy.Check(request, metadata=person.metadata)
    assert await code_of(call) is grpc.StatusCode.PERMISSION_DENIED
