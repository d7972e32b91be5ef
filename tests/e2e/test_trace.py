"""One request, one trace, from the edge through every service it touches."""

import secrets

from tests.collector import TraceCollector
from tests.stack import Customer, Stack, eventually


async def test_a_request_is_one_trace_through_the_mesh(
    stack: Stack, customer: Customer, collector: TraceCollector
):
    trace_id = secrets.token_hex(16)
    answer = await stack.call(
        "POST",
        "/v1/chat/completions",
        key=customer.api_key,
        body={"model": "demo-chat", "messages": [{"role": "user", "content": "Hi"}]},
        headers={"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"},
    )
    assert answer.status == 200

    async def services() -> set[str]:
        return collector.services_of(trace_id)

    wanted = {"proxy", "billing", "analytics"}
    found = await eventually(services, until=lambda names: wanted <= names and len(names) >= 4)
    assert found - wanted, "the edge has a span too"
