"""How a child process is born: it dies with its parent, and gives up root where it must.

This runs between fork and exec, so it makes system calls and nothing else.
"""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534

_libc = ctypes.CDLL(None, use_errno=True)


class Privilege(Enum):
    """Whose rights a child has."""

    OURS = "ours"
    # Root seen as `nobody` in a user namespace of its own: the files stay root's.
    MAPPED = "mapped"
    # The account `nobody`: the files must be handed over.
    NOBODY = "nobody"


@dataclass(frozen=True)
class Birth:
    """What happens to a child before its program starts."""

    privilege: Privilege = Privilege.OURS
    death_signal: signal.Signals = signal.SIGKILL

    def arguments(self) -> dict[str, Any]:
        """Returns the arguments for `subprocess` that make it so."""
        arguments: dict[str, Any] = {"preexec_fn": self._prepare(os.getpid())}
        if self.privilege is Privilege.NOBODY:
            account = pwd.getpwnam("nobody")
            arguments |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        return arguments

    def _prepare(self, parent: int) -> Callable[[], None]:
        mapped = self.privilege is Privilege.MAPPED
        death_signal = int(self.death_signal)
        linux = sys.platform == "linux"

        def prepare() -> None:
            if mapped:
                _enter_user_namespace()
            if linux:
                _libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
                if os.getppid() != parent:  # the parent died before it could be watched
                    os.kill(os.getpid(), signal.SIGKILL)

        return prepare


def privilege_for_postgres(probe: list[str]) -> Privilege:
    """Chooses how Postgres, which refuses root, is run; tries the command to find out."""
    if os.geteuid() != 0:
        return Privilege.OURS
    if sys.platform != "linux":
        return Privilege.NOBODY
    try:
        arguments = Birth(privilege=Privilege.MAPPED).arguments()
        subprocess.run(probe, check=True, capture_output=True, timeout=20, **arguments)
    except (OSError, subprocess.SubprocessError):
        return Privilege.NOBODY
    return Privilege.MAPPED


def _enter_user_namespace() -> None:
    """Becomes `nobody` inside, stays who we are outside."""
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "no user namespaces here")
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {uid} 1"),
        ("gid_map", f"{NOBODY} {gid} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, line.encode())
        os.close(descriptor)
