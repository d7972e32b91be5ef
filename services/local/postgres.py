"""Postgres 18: its data directory, its process, and making both whole after any kind of end."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from services.local import binaries, probes
from services.local.birth import Birth, Privilege, privilege_for_postgres
from services.local.child import running
from services.local.errors import StackError
from services.local.ports import HOST
from services.local.process_log import ProcessLog
from services.local.process_spec import ProcessSpec
from services.local.secret_files import kept_secret, write_private

MAJOR = "18"
SUPERUSER = "postgres"
LEFTOVER_SECONDS = 1.0


@dataclass(frozen=True)
class Postgres:
    """One database cluster in `directory`, answering on `port`."""

    directory: Path
    password_file: Path
    port: int
    privilege: Privilege

    @property
    def password(self) -> str:
        """The superuser's password."""
        return self.password_file.read_text().strip()

    async def initialise(self, *, log: ProcessLog) -> None:
        """Makes the cluster unless it exists.

        It is made beside its place and moved there when it is whole, so that an interrupted first
        start leaves nothing that looks like a cluster.
        """
        if self.directory.exists():
            self._require_whole()
            self._hand_over(self.directory)
            return
        kept_secret(self.password_file)
        draft = self.directory.with_name(self.directory.name + ".draft")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        self._hand_over(draft)
        await self._run_initdb(draft, log=log)
        draft.replace(self.directory)

    def spec(self) -> ProcessSpec:
        """Returns the server's process."""
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "log_line_prefix": "%m ",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        program = str(binaries.postgres_program("postgres"))
        return ProcessSpec(
            name="postgres",
            command=(program, "-D", str(self.directory), *options),
            environment=_environment(),
            probe=probes.serves_postgres(
                HOST, port=self.port, user=SUPERUSER, password=self.password
            ),
            before_start=self.clear_leftovers,
            # SIGQUIT makes Postgres take its children along at once; SIGINT is an orderly stop.
            birth=Birth(privilege=self.privilege, death_signal=signal.SIGQUIT),
            stop_signal=signal.SIGINT,
            stop_seconds=30,
        )

    async def clear_leftovers(self) -> None:
        """Ends what an earlier server left running, and removes the claim of a dead one.

        Only one stack holds the data directory, so whoever still works in it is left over. A stale
        `postmaster.pid` would stop the server when its number belongs to another process by now.
        """
        deadline = time.monotonic() + LEFTOVER_SECONDS
        sent = signal.SIGQUIT
        while left := _working_in(self.directory):
            for pid in left:
                try:
                    os.kill(pid, sent)
                except ProcessLookupError:
                    continue
            if time.monotonic() > deadline:
                sent = signal.SIGKILL
            await asyncio.sleep(0.05)
        if sys.platform == "linux":
            (self.directory / "postmaster.pid").unlink(missing_ok=True)

    def _require_whole(self) -> None:
        version_file = self.directory / "PG_VERSION"
        version = version_file.read_text().strip() if version_file.is_file() else ""
        if not version or not (self.directory / "global" / "pg_control").is_file():
            raise StackError(
                f"{self.directory} is no whole Postgres data directory; restore it from a backup, "
                "or choose another place with --data."
            )
        if version != MAJOR:
            raise StackError(
                f"{self.directory} was made by Postgres {version} and this release runs Postgres "
                f"{MAJOR}; move it with pg_upgrade, or choose another place with --data."
            )
        if not self.password_file.exists():
            raise StackError(
                f"{self.password_file} is missing; restore it, or choose another place with --data."
            )

    async def _run_initdb(self, draft: Path, *, log: ProcessLog) -> None:
        password_copy = draft.with_suffix(".password")
        write_private(password_copy, self.password)
        self._hand_over(password_copy)
        options = (
            *("--username", SUPERUSER, "--pwfile", str(password_copy)),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C"),
            *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-instructions"),
        )
        command = (str(binaries.postgres_program("initdb")), "-D", str(draft), *options)
        birth = Birth(privilege=self.privilege)
        try:
            async with running(command, environment=_environment(), birth=birth, log=log) as child:
                code = await child.wait()
        except (OSError, subprocess.SubprocessError) as error:
            raise StackError(f"Postgres could not make its data directory: {error}.") from error
        finally:
            password_copy.unlink(missing_ok=True)
        if code != 0:
            words = "\n    ".join(log.last_lines)
            raise StackError(
                f"Postgres could not make its data directory; the log is {log.path}, its last "
                f"words were:\n    {words}"
            )

    def _hand_over(self, path: Path) -> None:
        """Gives the files to the account that Postgres runs as, when that is not ours."""
        if os.geteuid() != 0:
            return
        nobody = self.privilege is Privilege.NOBODY
        uid = pwd.getpwnam("nobody").pw_uid if nobody else os.geteuid()
        if nobody:
            _require_reach(path.parent)
        if path.stat().st_uid != uid:
            for each in (path, *path.rglob("*")):
                os.chown(each, uid, -1, follow_symlinks=False)


def bundled_postgres(*, directory: Path, password_file: Path, port: int) -> Postgres:
    """Describes the cluster, run as whom Postgres accepts here."""
    program = str(binaries.postgres_program("postgres"))
    privilege = privilege_for_postgres([program, "--version"])
    return Postgres(
        directory=directory, password_file=password_file, port=port, privilege=privilege
    )


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}


def _require_reach(folder: Path) -> None:
    """Lets `nobody` pass through our own folder, and refuses when it can't pass the ones above."""
    folder.chmod(0o711)
    program = binaries.postgres_program("postgres")
    for each in (*folder.parents, *program.parents):
        if not each.stat().st_mode & 0o001:
            raise StackError(
                f"Postgres refuses to run as root, and the account nobody can't reach {each}; run "
                "this as an ordinary user, or from a place that everybody may enter."
            )


def _working_in(directory: Path) -> list[int]:
    """Lists the Postgres processes whose working directory this is; empty without /proc."""
    found: list[int] = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            inside = (entry / "cwd").readlink() == directory
            if inside and (entry / "exe").readlink().name == "postgres":
                found.append(int(entry.name))
        except OSError:
            continue  # it ended meanwhile, or it is somebody else's
    return found
