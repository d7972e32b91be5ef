"""Reads everything that is routed by, as of one moment."""

from sqlalchemy import select, text

from services.chassis.logs import get_logger
from services.chassis.postgres import Database
from services.orchestrator.adapters import tables
from services.orchestrator.adapters.model_rows import select_offers, to_offer
from services.orchestrator.adapters.provider_rows import select_providers, to_provider, to_sealed
from services.orchestrator.adapters.vault import Unreadable, Vault
from services.orchestrator.domain.provider import Provider, SealedCredential
from services.orchestrator.domain.snapshot import Snapshot

log = get_logger()
ONE_MOMENT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


async def read_snapshot(
    database: Database, vault: Vault, *, than: Snapshot | None
) -> Snapshot | None:
    """Returns the stored state, None if its version is still the one that is known."""
    async with database.transaction() as connection:
        await connection.execute(ONE_MOMENT)
        version = (await connection.execute(select(tables.routing_version.c.version))).scalar_one()
        if than is not None and version == than.version:
            return None
        rows = (await connection.execute(select_providers())).all()
        offers = (await connection.execute(select_offers())).all()
    providers = [(to_provider(row), to_sealed(row)) for row in rows]
    return Snapshot(
        version=version,
        providers=tuple(provider for provider, _ in providers),
        offers=tuple(map(to_offer, offers)),
        credentials=_open_all(vault, providers),
    )


def _open_all(
    vault: Vault, providers: list[tuple[Provider, SealedCredential | None]]
) -> dict[str, str]:
    credentials: dict[str, str] = {}
    for provider, sealed in providers:
        if sealed is None:
            continue
        try:
            credentials[provider.provider_id] = vault.open(provider, sealed)
        except Unreadable:
            # Its requests fail without a credential; the other providers' must not.
            log.error("credential.unreadable", provider_id=provider.provider_id)  # noqa: TRY400
    return credentials
