"""Name → dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.dialects.native.client import NativeDialect
from console.domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.dialects.base import Dialect
    from console.domain.system import SystemRecord

_DIALECTS: dict[str, Callable[[str, str], Dialect]] = {"native": NativeDialect}


def dialect_of(record: SystemRecord) -> Dialect:
    """A connection, not yet signed in, in the language that the system speaks.

    Raises:
        InvalidInput: no such dialect.
    """
    make = _DIALECTS.get(record.dialect)
    if make is None:
        raise InvalidInput(
            f"{record.name}: this version does not speak {record.dialect!r}.",
            remedy="Update Gatehouse, or add the system again.",
        )
    return make(record.id, record.address)
