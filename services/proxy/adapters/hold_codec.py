"""A hold as JSON: what the write-ahead log keeps and the journal carries."""

from typing import Any

import orjson

from services.kernel.price import Price
from services.proxy.domain.admission import Hold


def encode_hold(hold: Hold) -> str:
    """Returns a hold as compact JSON."""
    prices = {
        cluster: (price.version, price.input, price.output, price.cached_input, price.request)
        for cluster, price in hold.prices
    }
    members = {
        "id": hold.request_id,
        "user": hold.user_id,
        "account": hold.account_id,
        "key": hold.key_id,
        "lease": hold.lease_id,
        "amount": hold.amount,
        "resource": hold.resource,
        "model": hold.model,
        "stream": hold.stream,
        "input": hold.estimated_input_tokens,
        "at": hold.admitted_at,
        "prices": prices,
    }
    return orjson.dumps(members).decode()


def decode_hold(text: str | bytes) -> Hold:
    """Reads what `encode_hold` wrote. Raises ValueError or KeyError for anything else."""
    members: dict[str, Any] = orjson.loads(text)
    return Hold(
        request_id=members["id"],
        user_id=members["user"],
        account_id=members["account"],
        key_id=members["key"],
        lease_id=members["lease"],
        amount=members["amount"],
        resource=members["resource"],
        model=members["model"],
        stream=members["stream"],
        estimated_input_tokens=members["input"],
        prices=tuple((cluster, Price(*rates)) for cluster, rates in members["prices"].items()),
        admitted_at=members["at"],
    )
