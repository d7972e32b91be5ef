"""After the whole run: no secret and no prompt in any log, and no traceback."""

import pytest

from tests.stack import Stack


@pytest.mark.last
async def test_logs_hold_no_secret_and_no_prompt(stack: Stack):
    customer = await stack.new_customer()
    prompt = "canary-prompt-7f3a9"
    await stack.chat(customer.api_key, messages=[{"role": "user", "content": prompt}])
    await stack.chat(customer.api_key, messages=[{"role": prompt}], max_tokens=-1)
    await stack.usage_of(customer, records=1)
    secrets = [
        customer.api_key,
        customer.api_key[17:40],
        customer.password,
        customer.access_token,
        stack.ready["api_key"],
        stack.ready["admin"]["password"],
        prompt,
        "key-of-fresh",
    ]
    files = [path for path in (stack.data / "logs").rglob("*") if path.is_file()]
    assert len(files) >= 5
    for path in files:
        content = path.read_text(errors="replace")
        assert not [secret for secret in secrets if secret in content], path.name


@pytest.mark.last
async def test_services_saw_nothing_unexpected(stack: Stack):
    for path in (stack.data / "logs").rglob("*"):
        if path.is_file():
            content = path.read_text(errors="replace")
            assert '"event": "rpc.failed"' not in content, path.name
            assert '"event": "admission.failed"' not in content, path.name
