"""The catalogue: one writer thread, a bounded pool of readers, and nothing that knows what is stored.

Why one writer: it gathers what comes within a few milliseconds into one transaction, gives changes one order,
and can publish right after commit (catalogue spike, sections 4 and 11).
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from embedded_server.recorder.footage_dir import IDENTITY_FILE
from embedded_server.storage import directory, migrate, salvage
from embedded_server.storage.errors import (
    DamagedCatalogue,
    DataDirectoryFull,
    DataDirectoryUnusable,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Connection, Engine

_log = logging.getLogger("gatehouse.catalogue")

CATALOGUE_FILE = "catalog.db"
READERS = 8
GATHER_S = 0.005
GATHER_MAX = 100
CHECKPOINT_S = 0.5
TRUNCATE_ABOVE_BYTES = 64_000_000

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Job:
    run: Callable[[Connection], Any]
    future: Future[Any]


class Catalog:
    """An open catalogue. Use it as a context manager, or call :meth:`close`."""

    def __init__(self, url: str, *, path: Path | None = None) -> None:
        """Open a catalogue that is already at the right revision; everyone else uses :meth:`open`."""
        self._path = path
        self._life = ExitStack()
        self._writing = _writing_engine(url)
        self._life.callback(self._writing.dispose)
        self._reading = _reading_engine(url)
        self._life.callback(self._reading.dispose)
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="catalogue-read")
        self._life.callback(self._pool.shutdown)
        if path is not None:
            self._life.enter_context(_Checkpoints(path))
        self._writer = _Writer(self._writing, str(path or "catalogue"))
        self._life.callback(self._writer.stop)

    @classmethod
    def open(
        cls,
        data_dir: Path,
        *,
        url: str | None = None,
        exclusive: bool = True,
        rebuild: bool = False,
    ) -> Self:
        """Make sure of the directory and the revision, and open; blocks for as long as a migration takes.

        Args:
            data_dir: made if it is not there.
            url: a database elsewhere, such as ``postgresql+psycopg://…``; the default is ``catalog.db`` in ``data_dir``.
            exclusive: refuse when a server works on the directory, and keep others out until closed. Commands that may run
                beside the server pass False.
            rebuild: set a damaged catalogue aside, save from it what can be read, and begin a new one.

        Raises:
            StorageError: with cause and remedy.
        """
        directory.prepare(data_dir)
        with ExitStack() as undo:
            if exclusive:
                undo.enter_context(directory.lock(data_dir))
            path = None if url else data_dir / CATALOGUE_FILE
            if path is not None:
                _make_sound(path, rebuild=rebuild)
            catalog = cls(url or f"sqlite:///{path}", path=path)
            kept = undo.pop_all()
        catalog._life.push(lambda *_: kept.close())
        return catalog

    async def read(self, run: Callable[[Connection], Result]) -> Result:
        """Result of ``run(connection)`` in a reader thread; the connection cannot write.

        Raises:
            StorageError: the database failed; ``IntegrityError`` and the errors of ``run`` pass as they are.
        """
        return await asyncio.wrap_future(self._pool.submit(self._read, run))

    async def write(self, run: Callable[[Connection], Result]) -> Result:
        """Result of ``run(connection)`` in the writer thread, after commit.

        ``run`` shares its transaction with others of the same few milliseconds but not their fate: what it raises undoes
        its own changes only. It must not commit or roll back itself.

        Raises:
            StorageError: the database failed; ``IntegrityError`` and the errors of ``run`` pass as they are.
        """
        return await asyncio.wrap_future(self._writer.submit(run))

    def close(self) -> None:
        """Finish what is queued and close; blocks until done, safe to call twice."""
        self._life.close()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _read(self, run: Callable[[Connection], Result]) -> Result:
        try:
            with self._reading.connect() as connection:
                return run(connection)
        except DBAPIError as error:
            raise translated(error, str(self._path or "catalogue")) from error


class _Writer:
    """The one thread that writes."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self._name = name
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="catalogue-write", daemon=True)
        self._is_stopped = threading.Event()
        self._thread.start()

    def submit(self, run: Callable[[Connection], Any]) -> Future[Any]:
        """Queue work; the future is resolved after commit."""
        future: Future[Any] = Future()
        if self._is_stopped.is_set():
            raise RuntimeError("the catalogue is closed")
        self._jobs.put(_Job(run, future))
        return future

    def stop(self) -> None:
        """Finish what is queued and end the thread."""
        if not self._is_stopped.is_set():
            self._is_stopped.set()
            self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_open = True
        while is_open:
            first = self._jobs.get()
            if first is None:
                return
            batch, is_open = self._gather(first)
            self._commit([job for job in batch if job.future.set_running_or_notify_cancel()])

    def _gather(self, first: _Job) -> tuple[list[_Job], bool]:
        batch = [first]
        deadline = time.monotonic() + GATHER_S
        while len(batch) < GATHER_MAX:
            try:
                job = self._jobs.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if job is None:
                return batch, False
            batch.append(job)
        return batch, True

    def _commit(self, batch: list[_Job]) -> None:
        done: list[tuple[_Job, Any]] = []
        try:
            with self._engine.begin() as connection:
                for job in batch:
                    try:
                        with connection.begin_nested():
                            result = job.run(connection)
                    except Exception as error:  # noqa: BLE001 (whatever it is belongs to the one who asked)
                        job.future.set_exception(self._ours(error))
                    else:
                        done.append((job, result))
        except Exception as error:  # noqa: BLE001 (a failed commit fails all of them, and the thread goes on)
            for job in batch:
                if not job.future.done():
                    job.future.set_exception(self._ours(error))
            return
        for job, result in done:
            job.future.set_result(result)

    def _ours(self, error: Exception) -> Exception:
        if not isinstance(error, DBAPIError):
            return error
        ours = translated(error, self._name)
        if ours is not error:
            ours.__cause__ = error
        return ours


class _Checkpoints:
    """Moves the log into the database in a thread of its own, so that no commit waits for it (spike, section 4)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log_path = path.with_name(path.name + "-wal")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="catalogue-checkpoint", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        engine = _plain_engine(f"sqlite:///{self._path}")
        before = -1
        try:
            while not self._stopping.wait(CHECKPOINT_S):
                size = self._log_size()
                if size and size != before:
                    self._checkpoint(
                        engine, "TRUNCATE" if size > TRUNCATE_ABOVE_BYTES else "PASSIVE"
                    )
                before = size
        finally:
            engine.dispose()

    def _log_size(self) -> int:
        try:
            return self._log_path.stat().st_size
        except OSError:
            return 0

    def _checkpoint(self, engine: Engine, mode: str) -> None:
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(f"PRAGMA wal_checkpoint({mode})").close()
        except OperationalError as error:
            _log.warning("checkpoint of the catalogue failed: %s", error.orig)


def translated(error: DBAPIError, name: str) -> Exception:
    """Our error for a library's; constraint errors stay, since only the caller knows what they mean."""
    if isinstance(error, IntegrityError):
        return error
    text = str(error.orig).lower()
    if "disk is full" in text:
        return DataDirectoryFull(name)
    if "malformed" in text or "not a database" in text or "corrupt" in text:
        return DamagedCatalogue(name, str(error.orig))
    if isinstance(error, OperationalError) and (
        "readonly" in text or "unable to open" in text or "i/o error" in text
    ):
        return DataDirectoryUnusable(name, str(error.orig))
    return error


def _make_sound(path: Path, *, rebuild: bool) -> None:
    """Bring the file to the current revision, or set it aside when it is beyond that and may be rebuilt."""
    engine = _writing_engine(f"sqlite:///{path}")
    try:
        try:
            _check_emptied(path)
            migrate.check(engine, path)
        except DamagedCatalogue:
            if not rebuild:
                raise
            engine.dispose()
            aside = salvage.set_aside(path)
            _log.warning("damaged catalogue set aside as %s", aside.name)
            migrate.to_head(engine, path)
            salvage.save_rows(aside, engine)
        else:
            migrate.to_head(engine, path)
    except DBAPIError as error:
        raise translated(error, str(path)) from error
    finally:
        engine.dispose()


def _check_emptied(path: Path) -> None:
    """An empty file is a sound database: one without cameras and accounts, which anybody could take over.

    Raises:
        DamagedCatalogue: there was more in it before.
    """
    log = path.with_name(f"{path.name}-wal")
    is_empty = path.exists() and path.stat().st_size == 0
    has_log = log.exists() and log.stat().st_size > 0
    if is_empty and not has_log and (path.parent / "footage" / IDENTITY_FILE).exists():
        raise DamagedCatalogue(path, "it is empty")


def _writing_engine(url: str) -> Engine:
    """For one thread; every transaction may write."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_size=1, pool_pre_ping=True)
    engine = create_engine(url, pool_size=1)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "connect", _configure_writer)
    event.listen(engine, "begin", _begin)
    return engine


def _reading_engine(url: str) -> Engine:
    """For the pool; no transactions, and in SQLite no way to write."""
    if not url.startswith("sqlite"):
        return create_engine(
            url, pool_size=READERS, pool_pre_ping=True, isolation_level="AUTOCOMMIT"
        )
    engine = _plain_engine(url, size=READERS)
    event.listen(engine, "connect", _forbid_writing)
    return engine


def _plain_engine(url: str, *, size: int = 1) -> Engine:
    engine = create_engine(url, pool_size=size, isolation_level="AUTOCOMMIT")
    event.listen(engine, "connect", _configure)
    return engine


_FOR_EVERYONE = ("busy_timeout=5000", "temp_store=MEMORY", "wal_autocheckpoint=0")
_FOR_THE_WRITER = (
    # In the one order that works: auto_vacuum after WAL is silently ignored (spike, trap 4).
    "page_size=4096",
    "auto_vacuum=2",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "analysis_limit=1000",
)
"""Not for readers: setting auto_vacuum takes the write lock, and a reader would wait for a long transaction."""


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    _set(connection, _FOR_EVERYONE)


def _configure_writer(connection: Any, _record: object) -> None:
    _set(connection, _FOR_THE_WRITER)


def _set(connection: Any, pragmas: tuple[str, ...]) -> None:
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}").close()


def _forbid_writing(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only=ON").close()


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a deferred transaction that reads first fails as locked (spike, trap 1)."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
