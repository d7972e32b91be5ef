"""`ready.json` appears when the stack is ready and follows the processes."""

import json
from pathlib import Path

from services.local.ports import Ports
from services.local.ready_file import ReadyFile
from services.local.seed import Account, Seeded
from services.local.welcome import facts


def test_it_is_absent_until_the_stack_is_ready(tmp_path: Path):
    file = tmp_path / "ready.json"
    ready = ReadyFile(file)
    ready.note_process("auth", 1)
    assert not file.exists()


def test_it_follows_a_restart_and_ends_with_the_stack(tmp_path: Path):
    file = tmp_path / "ready.json"
    ready = ReadyFile(file)
    ready.note_process("auth", 1)
    ready.publish({"edge_url": "http://127.0.0.1:3000"})
    ready.note_process("auth", 2)
    assert json.loads(file.read_text()) == {
        "edge_url": "http://127.0.0.1:3000",
        "processes": {"auth": 2},
    }
    ready.withdraw()
    assert not file.exists()


def test_it_says_how_to_reach_everything():
    seeded = Seeded(
        operator=Account("operator@example.com", password="one"),
        user=Account("demo@example.com", password="two", user_id="u"),
        api_key="key",
        notes=(),
    )
    told = facts(seeded, ports=Ports(3000))
    assert told["admin"] == {"email": "operator@example.com", "password": "one"}
    assert told["user"] == {"email": "demo@example.com", "password": "two", "user_id": "u"}
    assert told["demo_provider_url"] == "http://127.0.0.1:3009"
    assert told["services"]["analytics"] == "127.0.0.1:3005"
