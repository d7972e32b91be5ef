"""What a person, and a program, need to use the running stack."""

from typing import Any

from services.local.layout import Layout
from services.local.mesh import SERVICES
from services.local.ports import Ports
from services.local.seed import Seeded

# As typed in the repository's folder.
PYTHON = ".venv/bin/python"
BUF = ".venv/bin/buf"


def facts(seeded: Seeded, *, ports: Ports) -> dict[str, Any]:
    """Returns what `ready.json` says besides the processes."""
    operator, user = seeded.operator, seeded.user
    return {
        "edge_url": ports.url("edge"),
        "api_key": seeded.api_key,
        "admin": {"email": operator.email, "password": operator.password},
        "user": {"email": user.email, "password": user.password, "user_id": user.user_id},
        "demo_provider_url": ports.url("demo-provider"),
        "services": {name: ports.address(name) for name in SERVICES},
    }


def welcome(seeded: Seeded, *, ports: Ports, layout: Layout) -> str:
    """Returns what to try first."""
    edge = ports.url("edge")
    notes = "".join(f"\n  Note: {note}" for note in seeded.notes)
    return f"""
AI Aggregator serves at {edge}{notes}

  Ask a model (the demo provider answers, nothing leaves this machine), in OpenAI's format:
    curl {edge}/v1/chat/completions \\
      -H 'authorization: Bearer {seeded.api_key}' -H 'content-type: application/json' \\
      -d '{{"model":"demo-chat","messages":[{{"role":"user","content":"Hello"}}],"stream":true}}'

  with OpenAI's SDK:
    {PYTHON} -c 'import openai; print(openai.OpenAI(
      base_url="{edge}/v1", api_key="{seeded.api_key}").chat.completions.create(
      model="demo-chat", messages=[{{"role": "user", "content": "Hello"}}]))'

  or typed, over gRPC:
    {BUF} curl --protocol grpc --http2-prior-knowledge \\
      -H 'authorization: Bearer {seeded.api_key}' \\
      -d '{{"input": {{"model": "demo-chat",
           "messages": [{{"role": "CHAT_ROLE_USER", "content": "Hello"}}]}}}}' \\
      {edge}/aggregator.proxy.v1.InferenceService/CreateChatCompletion

  What it cost: curl -H 'authorization: Bearer {seeded.api_key}' {edge}/billing/balance/me
  Health:       curl {edge}/health

  Accounts, processes and addresses: {layout.ready_file}
  Logs: {layout.logs}    Stop: Ctrl-C
"""
