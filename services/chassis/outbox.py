"""Events that leave a service with certainty: written in the transaction, published afterwards."""

import asyncio
from collections.abc import Iterable

import nats.errors
from google.protobuf.message import Message
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    LargeBinary,
    MetaData,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.bus import Bus
from services.chassis.logs import get_logger
from services.chassis.postgres import Database
from services.kernel.errors import DomainError
from services.kernel.ids import new_id

log = get_logger()
BATCH_ROWS = 100
POLL_SECONDS = 1.0
PUBLISH_SECONDS = 5.0


def outbox_table(metadata: MetaData) -> Table:
    """Declares the outbox among a service's tables."""
    return Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("message_id", Text, nullable=False, unique=True),
        Column("subject", Text, nullable=False),
        Column("payload", LargeBinary, nullable=False),
        Column("create_time", DateTime(timezone=True), server_default=func.now(), nullable=False),
    )


class Outbox:
    """Appends events to the outbox within a transaction."""

    def __init__(self, table: Table, connection: AsyncConnection) -> None:
        self._table = table
        self._connection = connection

    async def append(self, subject: str, messages: Iterable[Message]) -> None:
        """Adds messages for a subject; they are published once the transaction has committed."""
        rows = [
            {"message_id": new_id(), "subject": subject, "payload": message.SerializeToString()}
            for message in messages
        ]
        if rows:
            await self._connection.execute(insert(self._table), rows)


class OutboxRelay:
    """Publishes what transactions left in the outbox, in order, and then forgets it."""

    def __init__(self, database: Database, table: Table, bus: Bus) -> None:
        self._database = database
        self._table = table
        self._bus = bus
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Tells the relay that a transaction has committed; without it, it looks every second."""
        self._woken.set()

    async def run(self) -> None:
        """Publishes for ever."""
        while True:
            self._woken.clear()
            try:
                published = await self._publish_batch()
            except (nats.errors.Error, TimeoutError, OSError, DomainError) as error:
                log.warning("outbox.waiting", error=type(error).__name__)
                await asyncio.sleep(POLL_SECONDS)
                continue
            if published < BATCH_ROWS:
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._woken.wait()
                except TimeoutError:
                    pass

    async def _publish_batch(self) -> int:
        jetstream = await self._bus.jetstream()
        table = self._table
        async with self._database.transaction() as connection:
            # Another instance of the service may relay too; it skips what is locked here.
            query = select(table).order_by(table.c.position).limit(BATCH_ROWS)
            rows = (await connection.execute(query.with_for_update(skip_locked=True))).all()
            for row in rows:
                headers = {"Nats-Msg-Id": row.message_id}
                async with asyncio.timeout(PUBLISH_SECONDS):
                    await jetstream.publish(row.subject, row.payload, headers=headers)
            if rows:
                done = [row.position for row in rows]
                await connection.execute(delete(table).where(table.c.position.in_(done)))
        return len(rows)
