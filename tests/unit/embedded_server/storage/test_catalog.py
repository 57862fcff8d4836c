"""The catalogue: what is written together, what happens when it cannot be, and what a start refuses."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, func, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError

from embedded_server.recorder.footage_dir import IDENTITY_FILE
from embedded_server.services.event_values import EventFilter, ReportToSave
from embedded_server.storage import directory, migrate
from embedded_server.storage.catalog import CATALOGUE_FILE, Catalog, translated
from embedded_server.storage.errors import (
    CatalogueLocked,
    CatalogueTooNew,
    DamagedCatalogue,
    DataDirectoryFull,
    DataDirectoryUnusable,
    StorageError,
)
from embedded_server.storage.events import EventRows
from embedded_server.storage.schema import label, metadata, setting
from embedded_server.storage.settings import read_setting, write_setting
from tests.support.server_values import a_report, add_cameras

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

pytestmark = pytest.mark.anyio


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path) as opened:
        yield opened


def add_label(name: str) -> object:
    return lambda connection: connection.execute(insert(label).values(name=name))


def count_labels(connection: Connection) -> int:
    return int(connection.scalar(select(func.count()).select_from(label)) or 0)


async def test_what_is_written_can_be_read_when_write_returns(catalog: Catalog) -> None:
    await catalog.write(lambda connection: write_setting(connection, "answer", {"is": 42}))
    await catalog.write(lambda connection: write_setting(connection, "answer", {"is": 43}))
    assert await catalog.read(lambda connection: read_setting(connection, "answer")) == {"is": 43}


async def test_writes_share_a_transaction_and_not_their_fate(catalog: Catalog) -> None:
    def half_done(connection: Connection) -> None:
        connection.execute(insert(label).values(name="half"))
        raise ValueError("on purpose")

    work = [catalog.write(add_label(f"l{n}")) for n in range(20)]  # type: ignore[arg-type]
    work.insert(10, catalog.write(half_done))
    work.insert(5, catalog.write(add_label("l0")))  # type: ignore[arg-type]
    results = await asyncio.gather(*work, return_exceptions=True)

    failures = [type(result) for result in results if isinstance(result, Exception)]
    assert failures == [IntegrityError, ValueError]
    assert await catalog.read(count_labels) == 20


async def test_a_reader_cannot_write(catalog: Catalog) -> None:
    with pytest.raises(DataDirectoryUnusable, match="readonly"):
        await catalog.read(add_label("x"))  # type: ignore[arg-type]


async def test_a_long_write_does_not_hold_up_readers(catalog: Catalog) -> None:
    is_writing, may_end = threading.Event(), threading.Event()

    def slowly(connection: Connection) -> None:
        connection.execute(insert(label).values(name="slow"))
        is_writing.set()
        may_end.wait(20)

    writing = asyncio.ensure_future(catalog.write(slowly))
    await asyncio.to_thread(is_writing.wait, 20)
    counts = await asyncio.gather(*(catalog.read(count_labels) for _ in range(20)))
    may_end.set()
    await writing
    assert set(counts) == {0}
    assert await catalog.read(count_labels) == 1


async def test_a_write_that_nobody_waits_for_any_more_is_not_begun(catalog: Catalog) -> None:
    is_writing, may_end = threading.Event(), threading.Event()

    def slowly(_: Connection) -> None:
        is_writing.set()
        may_end.wait(20)

    first = asyncio.ensure_future(catalog.write(slowly))
    await asyncio.to_thread(is_writing.wait, 20)
    given_up = asyncio.ensure_future(catalog.write(add_label("x")))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    given_up.cancel()
    may_end.set()
    await first
    assert await catalog.read(count_labels) == 0


async def test_closing_finishes_what_is_queued(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path)
    work = [asyncio.ensure_future(catalog.write(add_label(f"l{n}"))) for n in range(50)]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    await asyncio.to_thread(catalog.close)
    await asyncio.gather(*work)
    catalog.close()
    with pytest.raises(RuntimeError, match="closed"):
        await catalog.write(count_labels)
    with Catalog.open(tmp_path) as again:
        assert await again.read(count_labels) == 50


async def test_the_migrations_make_what_the_schema_says(catalog: Catalog, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / CATALOGUE_FILE}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("auto_vacuum", "journal_mode")
        ]
    engine.dispose()
    assert pragmas == [2, "wal"]


async def test_row_ids_are_never_used_twice(catalog: Catalog) -> None:
    def ids(connection: Connection) -> list[int]:
        found = []
        for name in ("a", "b"):
            key = connection.execute(insert(label).values(name=name)).inserted_primary_key
            assert key is not None
            connection.execute(label.delete())
            found.append(key[0])
        return found

    assert await catalog.write(ids) == [1, 2]


# Starting


def test_a_second_server_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    with Catalog.open(tmp_path):
        with pytest.raises(CatalogueLocked, match=r"Another server \(process \d+\).*Stop it first"):
            Catalog.open(tmp_path)
        Catalog.open(tmp_path, exclusive=False).close()
    Catalog.open(tmp_path).close()


def test_the_lock_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from embedded_server.storage.catalog import Catalog;"
        "Catalog.open(pathlib.Path(sys.argv[1])); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == 9
    Catalog.open(tmp_path).close()


@pytest.mark.parametrize("content", [b"x" * 9000, b"SQLite format 3\x00" + b"\xff" * 9000])
def test_a_damaged_catalogue_is_refused_and_rebuilt_only_when_asked(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    catalogue = tmp_path / CATALOGUE_FILE
    catalogue.write_bytes(content)
    with pytest.raises(DamagedCatalogue, match=r"is damaged.*No footage is lost.*check --repair"):
        Catalog.open(tmp_path)
    assert catalogue.read_bytes() == content

    Catalog.open(tmp_path, rebuild=True).close()
    Catalog.open(tmp_path).close()
    (aside,) = tmp_path.glob("catalog.damaged-*.db")
    assert aside.read_bytes() == content
    assert "set aside" in caplog.text


def damage(data_dir: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    catalogue = data_dir / CATALOGUE_FILE
    with closing(sqlite3.connect(catalogue)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        page = found.fetchone()[0]
    with catalogue.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


@pytest.mark.parametrize("lost", ["label", "setting", "user", "event_label", "segment"])
async def test_what_can_be_read_of_a_damaged_catalogue_is_kept(
    tmp_path: Path, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    with Catalog.open(tmp_path) as catalog:
        await add_cameras(catalog, "gate", "yard")
        rows = EventRows(catalog)
        await rows.save([ReportToSave(a_report("a", labels=("person", "dog")))])
    damage(tmp_path, lost)
    with pytest.raises(DamagedCatalogue):
        Catalog.open(tmp_path)

    with Catalog.open(tmp_path, rebuild=True) as catalog:
        rows = EventRows(catalog)
        for wanted in (
            EventFilter(),
            EventFilter(labels=("dog",)),
            EventFilter(camera_ids=("gate",)),
        ):
            (event,) = await rows.page(wanted, after=None, offset=0, limit=9)
            assert (event.camera_name, event.label, event.labels) == (
                "Gate",
                "person",
                ("person", "dog"),
            )
    assert "saved from the damaged catalogue" in caplog.text


async def test_events_that_cannot_be_kept_do_not_stop_the_rescue(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Catalog.open(tmp_path) as catalog:
        await add_cameras(catalog, "gate")
        await EventRows(catalog).save([ReportToSave(a_report())])
    damage(tmp_path, "camera")
    with Catalog.open(tmp_path, rebuild=True) as catalog:
        assert await EventRows(catalog).count(EventFilter()) == 0
    assert "table camera of the damaged catalogue" in caplog.text


def at_revision(data_dir: Path, revision: str) -> None:
    Catalog.open(data_dir).close()
    with closing(sqlite3.connect(data_dir / CATALOGUE_FILE)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.execute("INSERT INTO setting VALUES ('kept', '1')")
        connection.commit()


def test_a_catalogue_of_a_later_version_is_refused_untouched(tmp_path: Path) -> None:
    at_revision(tmp_path, "9999")
    with pytest.raises(CatalogueTooNew, match=r"later version.*9999"):
        Catalog.open(tmp_path)
    assert list(tmp_path.glob("*.backup")) == []


def test_a_backup_is_whole_and_only_two_are_kept(tmp_path: Path) -> None:
    at_revision(tmp_path, "0001")
    for revision in ("a", "b", "c"):
        made = migrate.backup(tmp_path / CATALOGUE_FILE, revision)
    with closing(sqlite3.connect(made)) as connection:
        assert connection.execute("SELECT key FROM setting").fetchall() == [("kept",)]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert sorted(path.name for path in tmp_path.glob("*.backup*")) == [
        "catalog.before-b.backup",
        "catalog.before-c.backup",
    ]


LATER = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "0002", "0001", None, None
def upgrade():
    op.add_column("tenant", sa.Column("colour", sa.String(20)))
    {and_then}
"""


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The migrations, in a folder where a test may add one."""
    here = tmp_path / "migrations"
    shutil.copytree(Path(migrate.__file__).parent / "migrations", here)
    config = migrate.config(here)
    monkeypatch.setattr(migrate, "config", lambda: config)
    return here / "versions"


def test_a_migration_keeps_the_rows_and_a_backup(tmp_path: Path, versions: Path) -> None:
    data = tmp_path / "data"
    at_revision(data, "0001")
    (versions / "r0002_later.py").write_text(LATER.format(and_then="pass"))
    Catalog.open(data).close()
    with closing(sqlite3.connect(data / CATALOGUE_FILE)) as connection:
        assert connection.execute("SELECT key FROM setting").fetchall() == [("kept",)]
        assert connection.execute("SELECT colour FROM tenant").fetchall() == [(None,)]
    assert [path.name for path in data.glob("*.backup")] == ["catalog.before-0001.backup"]
    Catalog.open(data).close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, versions: Path) -> None:
    data = tmp_path / "data"
    at_revision(data, "0001")
    later = versions / "r0002_later.py"
    later.write_text(LATER.format(and_then="raise RuntimeError('on purpose')"))
    with pytest.raises(RuntimeError, match="on purpose"):
        Catalog.open(data)
    with closing(sqlite3.connect(data / CATALOGUE_FILE)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            ("0001",)
        ]
        columns = [row[1] for row in connection.execute("PRAGMA table_info(tenant)")]
    assert columns == ["id", "name"]


def a_disk(free: int) -> object:
    return lambda _: shutil._ntuple_diskusage(10**12, 10**12 - free, free)  # type: ignore[attr-defined]


def test_there_must_be_room_for_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Catalog.open(tmp_path).close()
    monkeypatch.setattr(migrate.shutil, "disk_usage", a_disk(1000))
    with pytest.raises(DataDirectoryFull):
        migrate.backup(tmp_path / CATALOGUE_FILE, "a")


def test_a_full_disk_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory.shutil, "disk_usage", a_disk(3_000_000))
    with pytest.raises(DataDirectoryFull, match=r"is full \(3 MB left\).*Free some space"):
        Catalog.open(tmp_path)


def test_a_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataDirectoryUnusable, match=r"cannot be used: .*--data-dir"):
        Catalog.open(tmp_path / "file" / "data")


def test_a_directory_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.write_bytes", refuse)
    with pytest.raises(DataDirectoryUnusable, match="Permission denied"):
        Catalog.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("database or disk is full", DataDirectoryFull),
        ("database disk image is malformed", DamagedCatalogue),
        ("file is not a database", DamagedCatalogue),
        ("disk I/O error", DataDirectoryUnusable),
        ("unable to open database file", DataDirectoryUnusable),
    ],
)
def test_what_the_database_says_becomes_a_sentence(text: str, kind: type[StorageError]) -> None:
    error = OperationalError("SELECT", {}, sqlite3.OperationalError(text))
    ours = translated(error, "catalog.db")
    assert isinstance(ours, kind)
    assert "catalog.db" in str(ours)


def test_other_errors_of_the_database_stay_as_they_are() -> None:
    error = OperationalError("SELECT", {}, sqlite3.OperationalError("no such table: x"))
    assert translated(error, "catalog.db") is error


async def test_a_catalogue_that_fails_later_fails_one_request_and_goes_on(
    catalog: Catalog, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / CATALOGUE_FILE)) as intruder:
        intruder.execute("DROP TABLE setting")
        intruder.commit()
    with pytest.raises(OperationalError):
        await catalog.read(lambda connection: connection.execute(select(setting)).all())
    await catalog.write(add_label("still there"))  # type: ignore[arg-type]
    assert await catalog.read(count_labels) == 1


@pytest.mark.logs_warnings
def test_an_emptied_catalogue_is_no_new_one(tmp_path: Path) -> None:
    """It would have neither cameras nor accounts, and offer itself to whoever comes first."""
    (tmp_path / CATALOGUE_FILE).touch()
    Catalog.open(tmp_path).close()  # nothing else is there: a first start that was interrupted
    (tmp_path / CATALOGUE_FILE).write_bytes(b"")
    (tmp_path / "footage").mkdir(exist_ok=True)
    (tmp_path / "footage" / IDENTITY_FILE).write_text("{}")
    with pytest.raises(DamagedCatalogue, match=r"it is empty.*check --repair"):
        Catalog.open(tmp_path)
    Catalog.open(tmp_path, rebuild=True).close()
