"""The systems that the operator has connected to, kept between starts; never their secrets."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from console.domain.system import SystemRecord
from console.files import read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path


class KnownSystems:
    """Records by id, in the order they were added."""

    def __init__(self, file: Path) -> None:
        self._file = file
        kept, self.complaint = read_json(file)
        """What was wrong with the file at the start, or None."""
        self._records = {record.id: record for record in _read(kept.get("systems"))}

    @property
    def records(self) -> tuple[SystemRecord, ...]:
        """All of them."""
        return tuple(self._records.values())

    def get(self, system: str) -> SystemRecord | None:
        """One of them."""
        return self._records.get(system)

    def remember(self, record: SystemRecord) -> None:
        """Add or replace.

        Raises:
            OSError: it cannot be written.
        """
        if self._records.get(record.id) != record:
            self._records[record.id] = record
            self._write()

    def forget(self, system: str) -> None:
        """Take it away.

        Raises:
            OSError: it cannot be written.
        """
        if self._records.pop(system, None) is not None:
            self._write()

    def _write(self) -> None:
        systems = [dataclasses.asdict(record) for record in self._records.values()]
        write_json(self._file, {"systems": systems})


def _read(value: Any) -> list[SystemRecord]:
    records = []
    for item in value if isinstance(value, list) else []:
        try:
            records.append(SystemRecord(**item))
        except TypeError:  # written by another version
            continue
    return records
