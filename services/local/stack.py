"""Starts the stack in order, keeps it running, and stops it in reverse order."""

import asyncio
import os
import tempfile
from collections.abc import Generator, Iterable
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.local.birth import Birth
from services.local.child import running
from services.local.console import Console
from services.local.databases import create_databases
from services.local.errors import StackError
from services.local.layout import Layout
from services.local.nats_server import nats_spec
from services.local.plan import Plan
from services.local.ports import Ports, require_free
from services.local.postgres import Postgres, bundled_postgres
from services.local.probes import cluster_known
from services.local.process_log import ProcessLog
from services.local.process_spec import ProcessSpec
from services.local.ready_file import ReadyFile
from services.local.seed import seed
from services.local.supervised import SupervisedProcess
from services.local.welcome import facts, welcome

LEFTOVER_PORTS_SECONDS = 5.0
SOCKET_FOLDER_BYTES = 70


@dataclass
class Stack:
    """One running stack."""

    layout: Layout
    ports: Ports
    console: Console
    tasks: asyncio.TaskGroup
    ready_file: ReadyFile
    shows_output: bool = False

    async def start(self, plan: Plan, started: AsyncExitStack) -> None:
        """Brings everything up; `started` takes it down again."""
        postgres = await self._make_cluster()
        nats = nats_spec(
            port=self.ports.of("nats"), folder=self.layout.nats, secrets=self.layout.secrets
        )
        with self.console.step("Postgres, NATS and the demo provider serve"):
            infrastructure = (postgres.spec(), nats, plan.demo_provider())
            await self._start_all(infrastructure, started)
        with self.console.step("databases are migrated"):
            await create_databases(postgres, secrets=self.layout.secrets)
            await self._migrate(plan)
        with self.console.step("auth, orchestrator, billing, analytics and proxy serve"):
            await self._start_all(plan.services(), started)
        with self.console.step("Envoy serves"):
            await self._start_all((plan.envoy(),), started)
        with self.console.step("the demo account is ready"):
            seeded = await seed(
                edge_url=self.ports.url("edge"),
                demo_provider_url=self.ports.url("demo-provider"),
                secrets=self.layout.secrets,
                environment=plan.environment,
            )
            await cluster_known(self.ports.url("envoy-admin"), name="provider-demo")
        started.callback(self.ready_file.withdraw)
        self.ready_file.publish(facts(seeded, ports=self.ports))
        self.console.say(welcome(seeded, ports=self.ports, layout=self.layout))
        self.shows_output = True

    async def _make_cluster(self) -> Postgres:
        postgres = bundled_postgres(
            directory=self.layout.postgres,
            password_file=self.layout.secrets / "postgres-superuser",
            port=self.ports.of("postgres"),
        )
        with self.console.step("Postgres has its data directory"):
            await postgres.initialise(log=self._log("initdb"))
        return postgres

    async def _start_all(self, specs: Iterable[ProcessSpec], started: AsyncExitStack) -> None:
        """Starts processes side by side and waits until each has served."""
        processes = [self._supervise(spec) for spec in specs]
        started.push_async_callback(_stop_all, processes)
        for process in processes:
            self.tasks.create_task(process.run())
        async with asyncio.TaskGroup() as waiting:
            for process in processes:
                waiting.create_task(process.first_ready())

    async def _migrate(self, plan: Plan) -> None:
        async with asyncio.TaskGroup() as migrating:
            for name, (command, environment) in plan.migrations().items():
                migrating.create_task(self._migrate_one(name, command, environment))

    async def _migrate_one(
        self, name: str, command: tuple[str, ...], environment: dict[str, str]
    ) -> None:
        log = self._log(f"{name}-migration")
        async with running(command, environment=environment, birth=Birth(), log=log) as child:
            code = await child.wait()
        if code != 0:
            words = "\n    ".join(log.last_lines)
            raise StackError(
                f"The database of {name} could not be migrated; the log is {log.path}, its last "
                f"words were:\n    {words}"
            )

    def _supervise(self, spec: ProcessSpec) -> SupervisedProcess:
        return SupervisedProcess(
            spec,
            log=self._log(spec.name),
            on_start=self.ready_file.note_process,
            say=self.console.say,
        )

    def _log(self, name: str) -> ProcessLog:
        return ProcessLog(name, folder=self.layout.logs, show=self._show)

    def _show(self, line: str) -> None:
        """Keeps the console for the progress while the stack starts and stops."""
        if self.shows_output:
            self.console.say(line)


async def run_stack(layout: Layout, *, ports: Ports, console: Console) -> None:
    """Runs a stack until the task is cancelled."""
    layout.prepare()
    with layout.locked(), _socket_folder(layout) as socket_folder:
        layout.ready_file.unlink(missing_ok=True)
        await require_free(ports, patience_seconds=LEFTOVER_PORTS_SECONDS)
        plan = Plan(layout, ports=ports, socket_folder=socket_folder, environment=os.environ)
        async with asyncio.TaskGroup() as tasks, AsyncExitStack() as started:
            stack = Stack(
                layout,
                ports=ports,
                console=console,
                tasks=tasks,
                ready_file=ReadyFile(layout.ready_file),
            )
            try:
                await stack.start(plan, started)
                await asyncio.Event().wait()
            finally:
                stack.shows_output = False
                console.say("stopping ...")


async def _stop_all(processes: list[SupervisedProcess]) -> None:
    async with asyncio.TaskGroup() as stopping:
        for process in processes:
            stopping.create_task(process.stop())


@contextmanager
def _socket_folder(layout: Layout) -> Generator[Path]:
    """Chooses a private folder whose sockets have paths that the kernel accepts."""
    if len(os.fsencode(layout.run)) <= SOCKET_FOLDER_BYTES:
        yield layout.run
        return
    with tempfile.TemporaryDirectory(prefix="aggregator-") as folder:
        yield Path(folder)
