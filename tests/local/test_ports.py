"""The ports of a stack are counted from its first, and a taken one is named."""

import socket

import pytest

from services.local.errors import StackError
from services.local.ports import HOST, USES, Ports, require_free, taken


def test_ports_are_in_a_row():
    ports = Ports(3000)
    assert [ports.of(use) for use in USES] == list(range(3000, 3010))
    assert ports.address("nats") == "127.0.0.1:3007"
    assert ports.url("edge") == "http://127.0.0.1:3000"


@pytest.mark.parametrize("first", [0, -1, 65530, 70000])
def test_numbers_that_are_no_ports_are_refused(first: int):
    with pytest.raises(StackError, match="--port must be from 1 to"):
        Ports(first)


async def test_a_taken_port_is_named_with_its_use():
    with socket.socket() as holder:
        holder.bind((HOST, 0))
        holder.listen(1)
        ports = Ports(holder.getsockname()[1] - USES.index("billing"))
        assert "billing" in taken(ports)
        with pytest.raises(StackError, match=rf"{ports.of('billing')} \(billing\).*--port"):
            await require_free(ports, patience_seconds=0)
