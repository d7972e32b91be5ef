"""Becomes a program, after what only the new process itself can do.

    launch.py PARENT DEATH_SIGNAL own|mapped PROGRAM [ARGUMENT ...]

It is a program of its own, and not code between fork and exec, because the parent has threads:
after a fork in such a process, Python may stop for ever on a lock that another thread held.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
NOBODY = 65534


def main() -> None:
    """Prepares this process and turns it into the program."""
    parent, death_signal, privilege, *command = sys.argv[1:]
    if privilege == "mapped":
        _enter_user_namespace()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != int(parent):  # the parent died before it could be watched
            os.kill(os.getpid(), signal.SIGKILL)
    os.execvp(command[0], command)  # noqa: S606 - becoming another program is the point


def _enter_user_namespace() -> None:
    """Becomes `nobody` inside, stays who we are outside."""
    uid, gid = os.geteuid(), os.getegid()
    if ctypes.CDLL(None).unshare(CLONE_NEWUSER) != 0:
        sys.exit("no user namespaces here")
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {uid} 1"),
        ("gid_map", f"{NOBODY} {gid} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, line.encode())
        os.close(descriptor)


if __name__ == "__main__":
    main()
