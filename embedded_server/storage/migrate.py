"""Bringing a catalogue to the current revision: look first, back up, then change."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy.exc import DatabaseError

from embedded_server.storage.errors import CatalogueTooNew, DamagedCatalogue, DataDirectoryFull

if TYPE_CHECKING:
    from sqlalchemy import Engine

_log = logging.getLogger("gatehouse.catalogue")

KEPT_BACKUPS = 2
BACKUP_PAGES = 4096
QUICK_CHECK_BELOW_BYTES = 300_000_000
"""Half a second; a larger catalogue is checked through and through by ``gatehouse check`` alone."""


def config(migrations: Path = Path(__file__).parent / "migrations") -> Config:
    """What Alembic must know; there is no ini file."""
    settings = Config()
    settings.set_main_option("script_location", str(migrations))
    return settings


def check(engine: Engine, path: Path) -> None:
    """Read the file as far as a start can afford.

    Raises:
        DamagedCatalogue: it is not a sound database.
    """
    if not path.exists():
        return
    try:
        with engine.connect() as connection:
            if path.stat().st_size < QUICK_CHECK_BELOW_BYTES:
                answer = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            else:
                connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one()
                answer = "ok"
    except DatabaseError as error:
        text = str(error.orig)
        if "malformed" in text or "not a database" in text:
            raise DamagedCatalogue(path, text) from error
        raise
    if answer != "ok":
        raise DamagedCatalogue(path, str(answer).splitlines()[-1])


def to_head(engine: Engine, path: Path | None) -> None:
    """Migrate, after a backup where there is something to lose.

    Raises:
        CatalogueTooNew: a later version wrote it.
        DataDirectoryFull: no room for the backup.
    """
    settings = config()
    script = ScriptDirectory.from_config(settings)
    head = script.get_current_head()
    current = _revision(engine)
    if current == head:
        return
    if current is not None:
        _refuse_unknown(script, current, path)
        if path is not None:
            backup(path, current)
    _log.info("catalogue goes from revision %s to %s", current, head)
    with engine.begin() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")


def backup(path: Path, revision: str) -> Path:
    """A copy beside the catalogue, complete or not there at all; the oldest beyond two are removed.

    Raises:
        DataDirectoryFull: twice the catalogue's size is not free.
    """
    free = shutil.disk_usage(path.parent).free
    if free < 2 * path.stat().st_size:
        raise DataDirectoryFull(path.parent, free)
    final = path.with_name(f"{path.stem}.before-{revision}.backup")
    part = final.with_name(final.name + ".part")
    with (
        contextlib.closing(sqlite3.connect(path)) as source,
        contextlib.closing(sqlite3.connect(part)) as target,
    ):
        source.backup(target, pages=BACKUP_PAGES)
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(final)
    _drop_old_backups(path, keep=final)
    return final


def _drop_old_backups(path: Path, *, keep: Path) -> None:
    others = [other for other in path.parent.glob(f"{path.stem}.before-*.backup") if other != keep]
    others.sort(key=lambda other: other.stat().st_mtime, reverse=True)
    for old in others[KEPT_BACKUPS - 1 :]:
        old.unlink()


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _refuse_unknown(script: ScriptDirectory, revision: str, path: Path | None) -> None:
    try:
        script.get_revision(revision)
    except CommandError as error:
        raise CatalogueTooNew(path or Path("catalogue"), revision) from error
