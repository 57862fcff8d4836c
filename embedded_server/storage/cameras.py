"""Cameras in the catalogue, their secrets encrypted."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection, insert, select, update

from embedded_server.services.camera_record import CameraConfig, CameraRecord, CameraSecrets
from embedded_server.storage.schema import camera as table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

    from embedded_server.storage.catalog import Catalog
    from embedded_server.storage.keys import Vault

_log = logging.getLogger("gatehouse.catalogue")


class CatalogCameras:
    """Implements ``services.cameras.Cameras``."""

    def __init__(self, catalog: Catalog, vault: Vault) -> None:
        self._catalog = catalog
        self._vault = vault

    async def all(self) -> Sequence[CameraRecord]:
        """Those that are not deleted, oldest first."""
        query = select(table).where(table.c.deleted_at.is_(None)).order_by(table.c.id)
        rows = await self._catalog.read(lambda connection: connection.execute(query).all())
        return [self._record(row) for row in rows]

    async def slugs(self) -> frozenset[str]:
        """Every slug that was ever given."""
        query = select(table.c.slug)
        rows = await self._catalog.read(lambda connection: connection.execute(query).all())
        return frozenset(row.slug for row in rows)

    async def add(self, record: CameraRecord) -> CameraRecord:
        """Store; the number is chosen here."""
        values = {
            **self._values(record),
            "uuid": record.uuid,
            "slug": record.slug,
            "created_at": record.created_at,
        }

        def add(connection: Connection) -> int:
            connection.execute(insert(table).values(values))
            query = select(table.c.id).where(table.c.uuid == record.uuid)
            return int(connection.execute(query).scalar_one())

        return replace(record, number=await self._catalog.write(add))

    async def save(self, record: CameraRecord) -> None:
        """Replace."""
        change = update(table).where(table.c.id == record.number).values(self._values(record))
        await self._catalog.write(lambda connection: connection.execute(change).rowcount)

    async def delete(self, slug: str, at: datetime) -> None:
        """Delete, with its secrets; the slug stays taken."""
        change = (
            update(table)
            .where(table.c.slug == slug, table.c.deleted_at.is_(None))
            .values(deleted_at=at, secrets=None)
        )
        await self._catalog.write(lambda connection: connection.execute(change).rowcount)

    async def seen(self, moments: Mapping[str, datetime]) -> None:
        """Remember when the last packet of cameras came, by slug."""
        changes = [
            update(table).where(table.c.slug == slug).values(last_seen_at=moment)
            for slug, moment in moments.items()
        ]

        def remember(connection: Connection) -> None:
            for change in changes:
                connection.execute(change)

        if changes:
            await self._catalog.write(remember)

    def _values(self, record: CameraRecord) -> dict[str, Any]:
        return {
            "name": record.name,
            "enabled": record.enabled,
            "config": record.config.model_dump(mode="json"),
            "secrets": self._sealed(record.secrets),
            "last_seen_at": record.last_seen_at,
        }

    def _sealed(self, secrets: CameraSecrets) -> bytes | None:
        if secrets == CameraSecrets():
            return None
        plain = {
            "password": secrets.password,
            "onvif_password": secrets.onvif_password,
            "sources": dict(secrets.sources),
        }
        return self._vault.seal(orjson.dumps(plain))

    def _record(self, row: Row[Any]) -> CameraRecord:
        return CameraRecord(
            number=row.id,
            uuid=row.uuid,
            slug=row.slug,
            name=row.name,
            enabled=row.enabled,
            created_at=row.created_at,
            config=CameraConfig.model_validate(row.config),
            secrets=self._opened(row),
            last_seen_at=row.last_seen_at,
        )

    def _opened(self, row: Row[Any]) -> CameraSecrets:
        if row.secrets is None:
            return CameraSecrets()
        plain = self._vault.open_sealed(row.secrets)
        if plain is None:
            _log.warning(
                "the stored credentials of camera %s were encrypted with another key; enter them again",
                row.slug,
            )
            return CameraSecrets()
        return CameraSecrets(**orjson.loads(plain))
