"""What goes wrong with the data directory, each with its cause and what to do about it.

::

    StorageError
      DataDirectoryUnusable    cannot be made, read or written
      DataDirectoryFull        no room left
      CatalogueLocked          another server works on it
      DamagedCatalogue         the file is not a sound database
      CatalogueTooNew          written by a later version
      WrongFootageDisk         the footage directory is not the one that the catalogue knows
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from embedded_server.services.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from pathlib import Path


class StorageError(ServiceError):
    """The data directory or the catalogue cannot do what is asked."""

    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE


class DataDirectoryUnusable(StorageError):
    """It cannot be made, read or written."""

    def __init__(self, path: Path | str, cause: str) -> None:
        super().__init__(
            f"The data directory {path} cannot be used: {cause}. Give this user the right to write there, "
            "or choose another place with --data-dir.",
            code="data_directory_unusable",
        )


class DataDirectoryFull(StorageError):
    """There is no room left."""

    kind = ErrorKind.EXHAUSTED

    def __init__(self, path: Path | str, free_bytes: int | None = None) -> None:
        left = "" if free_bytes is None else f" ({free_bytes // 1_000_000} MB left)"
        super().__init__(
            f"The disk of the data directory {path} is full{left}. Free some space, shorten the retention, "
            "or choose another place with --data-dir.",
            code="disk_full",
        )


class CatalogueLocked(StorageError):
    """Another server works on the same data directory."""

    def __init__(self, path: Path, pid: int | None) -> None:
        who = "Another server" if pid is None else f"Another server (process {pid})"
        super().__init__(
            f"{who} is using the data directory {path}. Stop it first, or choose another directory with --data-dir.",
            code="data_directory_locked",
        )


class DamagedCatalogue(StorageError):
    """The catalogue's file is not a sound database; footage is not touched by that."""

    def __init__(self, path: Path | str, cause: str) -> None:
        super().__init__(
            f"The catalogue {path} is damaged: {cause}. No footage is lost. Run `gatehouse check --repair` to set "
            "the damaged file aside and build the catalogue again from the footage.",
            code="catalogue_damaged",
        )


class CatalogueTooNew(StorageError):
    """The catalogue was written by a later version."""

    def __init__(self, path: Path, revision: str) -> None:
        super().__init__(
            f"The catalogue {path} was written by a later version of Gatehouse (revision {revision}). "
            "Install that version again, or choose another directory with --data-dir.",
            code="catalogue_too_new",
        )


class WrongFootageDisk(StorageError):
    """The footage directory does not bear the identity that the catalogue expects."""

    def __init__(self, path: Path, cause: str) -> None:
        super().__init__(
            f"The footage directory {path} is not the one that this catalogue knows: {cause}. Mount the right disk "
            "and start again; if the footage is really gone, run `gatehouse check --repair` to begin a new one.",
            code="footage_disk_wrong",
        )
