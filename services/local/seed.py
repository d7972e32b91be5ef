"""Makes the demo account, the demo providers and their models, through the edge.

May be repeated: what exists stays as it is, and the demo user's money is paid in once.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from services.local.edge_client import EdgeClient, RefusedError
from services.local.errors import StackError
from services.local.models import money
from services.local.secret_files import kept_secret, kept_text, write_private
from services.local.seed_providers import seed_providers

OPERATOR_EMAIL = "operator@example.com"
USER_EMAIL = "demo@example.com"
FIRST_PAYMENT_USD = "10"
UNAUTHENTICATED = 401
CONFLICT = 409


@dataclass(frozen=True)
class Account:
    """Somebody who can sign in."""

    email: str
    password: str
    user_id: str = ""


@dataclass(frozen=True)
class Seeded:
    """Who was made, and what did not go as it should."""

    operator: Account
    user: Account
    api_key: str
    notes: tuple[str, ...]


async def seed(
    *, edge_url: str, demo_provider_url: str, secrets: Path, environment: Mapping[str, str]
) -> Seeded:
    """Makes everything that a visitor tries the stack with. Raises StackError."""
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        edge = EdgeClient(session, url=edge_url)
        try:
            operator = Account(OPERATOR_EMAIL, password=kept_secret(secrets / "operator-password"))
            notes = await _seed_as_operator(
                edge,
                operator=operator,
                demo_provider_url=demo_provider_url,
                demo_credential=kept_secret(secrets / "demo-provider-credential"),
                environment=environment,
            )
            user = Account(USER_EMAIL, password=kept_secret(secrets / "demo-user-password"))
            user, api_key = await _seed_user(edge, user=user, key_file=secrets / "demo-api-key")
        except RefusedError as error:
            raise StackError(f"The demo account could not be made: {error}.") from error
    return Seeded(operator=operator, user=user, api_key=api_key, notes=notes)


async def _seed_as_operator(
    edge: EdgeClient,
    *,
    operator: Account,
    demo_provider_url: str,
    demo_credential: str,
    environment: Mapping[str, str],
) -> tuple[str, ...]:
    try:
        token, _ = await _sign_in(edge, operator)
    except RefusedError as error:
        if error.status != UNAUTHENTICATED:
            raise
        return (
            f"The password of {operator.email} was changed, so the providers stay as they are.",
        )
    await seed_providers(
        edge.signed_in(token),
        demo_provider_url=demo_provider_url,
        demo_credential=demo_credential,
        environment=environment,
    )
    return ()


async def _seed_user(edge: EdgeClient, *, user: Account, key_file: Path) -> tuple[Account, str]:
    """Returns the demo user and a key that works."""
    api_key = kept_text(key_file)
    if api_key is not None:
        owner = await _owner(edge.signed_in(api_key))
        if owner is not None:
            return Account(user.email, password=user.password, user_id=owner), api_key
    try:
        body = {"email": user.email, "password": user.password}
        await edge.call("POST", path="/auth/register", body=body)
    except RefusedError as error:
        if error.status != CONFLICT:
            raise
    token, user_id = await _sign_in(edge, user)
    signed_in = edge.signed_in(token)
    await _pay(signed_in, user_id=user_id)
    body = {"display_name": "demo"}
    created = await signed_in.call("POST", path="/auth/api-keys", body=body)
    write_private(key_file, created["secret"])
    return Account(user.email, password=user.password, user_id=user_id), created["secret"]


async def _owner(edge: EdgeClient) -> str | None:
    """Returns whose key it is; None when it works no more."""
    try:
        answer: dict[str, Any] = await edge.call("GET", path="/auth/me")
    except RefusedError as error:
        if error.status != UNAUTHENTICATED:
            raise
        return None
    return str(answer["user"]["user_id"])


async def _sign_in(edge: EdgeClient, account: Account) -> tuple[str, str]:
    body = {"email": account.email, "password": account.password}
    answer = await edge.call("POST", path="/auth/login", body=body)
    return answer["tokens"]["access_token"], answer["user"]["user_id"]


async def _pay(edge: EdgeClient, *, user_id: str) -> None:
    """Pays the first balance in; the request's id makes a second time do nothing."""
    body = {
        "user_id": user_id,
        "amount": money(FIRST_PAYMENT_USD),
        "payment_method": "sandbox_card_success",
        "request_id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"first-payment-of-{user_id}")),
    }
    await edge.call("POST", path="/billing/payment/process", body=body)
