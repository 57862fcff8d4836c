"""Users in the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from embedded_server.services.auth import UserRecord
from embedded_server.services.errors import Conflict
from embedded_server.storage.schema import user as table

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from embedded_server.storage.catalog import Catalog


class CatalogUsers:
    """Implements ``services.auth.Users``."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def by_name(self, username: str) -> UserRecord | None:
        """Whoever has that name, whatever its case."""
        name = username.strip().lower()
        return await self._one(func.lower(table.c.username) == name)

    async def by_id(self, user_id: int) -> UserRecord | None:
        """Whoever has that id."""
        return await self._one(table.c.id == user_id)

    async def add(self, user: UserRecord, created_at: datetime) -> UserRecord:
        """Store; the id is chosen here.

        Raises:
            Conflict: the name is taken.
        """
        return await self._catalog.write(lambda connection: _add(connection, user, created_at))

    async def add_first(self, user: UserRecord, created_at: datetime) -> UserRecord | None:
        """Store it unless there is any user with that role; None when there is."""

        def add(connection: Connection) -> UserRecord | None:
            return None if _count(connection, user.role) else _add(connection, user, created_at)

        return await self._catalog.write(add)

    async def set_password(self, user_id: int, password_hash: str) -> None:
        """Replace the password and end all sessions of the user."""
        change = (
            update(table)
            .where(table.c.id == user_id)
            .values(password_hash=password_hash, token_epoch=table.c.token_epoch + 1)
        )
        await self._catalog.write(lambda connection: connection.execute(change).rowcount)

    async def signed_in(self, user_id: int, at: datetime) -> None:
        """Remember when."""
        change = update(table).where(table.c.id == user_id).values(last_sign_in_at=at)
        await self._catalog.write(lambda connection: connection.execute(change).rowcount)

    async def count(self, role: str) -> int:
        """How many enabled users have that role."""
        return await self._catalog.read(lambda connection: _count(connection, role))

    async def _one(self, condition: Any) -> UserRecord | None:
        query = select(table).where(condition)
        row = await self._catalog.read(lambda connection: connection.execute(query).first())
        return None if row is None else _record(row)


def _count(connection: Connection, role: str) -> int:
    query = select(func.count()).where(table.c.role == role, table.c.disabled_at.is_(None))
    return connection.execute(query).scalar_one()


def _add(connection: Connection, user: UserRecord, created_at: datetime) -> UserRecord:
    taken = select(table.c.id).where(func.lower(table.c.username) == user.username.lower())
    if connection.execute(taken).first() is not None:
        raise _taken(user.username)
    values = {
        "uuid": user.uuid,
        "tenant": user.tenant,
        "username": user.username,
        "email": user.email,
        "role": user.role,
        "password_hash": user.password_hash,
        "created_at": created_at,
    }
    try:
        connection.execute(insert(table).values(values))
    except IntegrityError as error:
        raise _taken(user.username) from error
    row = connection.execute(select(table).where(table.c.uuid == user.uuid)).one()
    return _record(row)


def _taken(username: str) -> Conflict:
    return Conflict(f"There is a user {username} already.", code="user_already_exists")


def _record(row: Row[Any]) -> UserRecord:
    return UserRecord(
        id=row.id,
        uuid=row.uuid,
        username=row.username,
        role=row.role,
        password_hash=row.password_hash,
        token_epoch=row.token_epoch,
        tenant=row.tenant,
        email=row.email,
        disabled=row.disabled_at is not None,
    )
