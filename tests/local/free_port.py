"""Finds a port that nobody listens on."""

import socket

from services.local.ports import HOST


def free_port() -> int:
    with socket.socket() as finder:
        finder.bind((HOST, 0))
        return int(finder.getsockname()[1])
