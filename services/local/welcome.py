"""What a person, and a program, need to use the running stack."""

from typing import Any

from services.local.layout import Layout
from services.local.mesh import SERVICES
from services.local.ports import Ports
from services.local.seed import Seeded


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

  Ask a model (the demo provider answers, nothing leaves this machine):
    curl {edge}/v1/chat/completions \\
      -H 'authorization: Bearer {seeded.api_key}' -H 'content-type: application/json' \\
      -d '{{"model":"demo-chat","messages":[{{"role":"user","content":"Hello"}}],"stream":true}}'

  From an SDK: base_url={edge}/v1 api_key={seeded.api_key}
  What it cost: curl -H 'authorization: Bearer {seeded.api_key}' {edge}/billing/balance/me
  Health:       curl {edge}/health
  Typed:        .venv/bin/buf curl --protocol grpc --http2-prior-knowledge --list-methods {edge}

  Accounts, processes and addresses: {layout.ready_file}
  Logs: {layout.logs}    Stop: Ctrl-C
"""
