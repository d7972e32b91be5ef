"""How a child process is born: it dies with its parent, and gives up root where it must."""

import errno
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

LAUNCH = Path(__file__).with_name("launch.py")
PROBE_SECONDS = 20.0


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

    def command(self, command: Sequence[str]) -> list[str]:
        """Returns the command that prepares the process and becomes the one given.

        Raises FileNotFoundError when there is no such program.
        """
        if shutil.which(command[0]) is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), command[0])
        privilege = "mapped" if self.privilege is Privilege.MAPPED else "own"
        prepare = [str(os.getpid()), str(int(self.death_signal)), privilege]
        # -I -S: neither the environment nor the site's packages have a part in it.
        return [sys.executable, "-I", "-S", str(LAUNCH), *prepare, *command]

    def arguments(self) -> dict[str, Any]:
        """Returns the arguments for `subprocess` that it needs besides."""
        if self.privilege is not Privilege.NOBODY:
            return {}
        account = pwd.getpwnam("nobody")
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def privilege_for_postgres(probe: list[str]) -> Privilege:
    """Chooses how Postgres, which refuses root, is run; tries the command to find out."""
    if os.geteuid() != 0:
        return Privilege.OURS
    if sys.platform != "linux":
        return Privilege.NOBODY
    command = Birth(privilege=Privilege.MAPPED).command(probe)
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=PROBE_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return Privilege.NOBODY
    return Privilege.MAPPED
