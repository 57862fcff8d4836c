"""What the services refuse to do and why.

::

    ServiceError            kind, code, a sentence with cause and remedy
      NotFound              the thing does not exist
      Denied                known caller, not permitted
      Unauthenticated       no caller, or no valid one
      Invalid               the request makes no sense
      Conflict              the thing is not in the state that the request needs
      Unavailable           not now; the cause lies outside the request
      Exhausted             a limit or the disk is reached

Status codes are chosen in ``api/errors.py`` from ``kind``; nothing here knows HTTP.
"""

from __future__ import annotations

import enum
from typing import Any, ClassVar


class ErrorKind(enum.StrEnum):
    """Class of a refusal."""

    NOT_FOUND = "not_found"
    DENIED = "denied"
    UNAUTHENTICATED = "unauthenticated"
    INVALID = "invalid"
    CONFLICT = "conflict"
    UNAVAILABLE = "unavailable"
    EXHAUSTED = "exhausted"
    INTERNAL = "internal"


class ServiceError(Exception):
    """A refusal; ``str()`` of it is a sentence that may be shown to the caller."""

    kind: ClassVar[ErrorKind] = ErrorKind.INTERNAL

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.kind.value
        """Stable machine word, such as ``camera_not_found``."""
        self.details = details
        """Plain JSON values for the answer's extra members, such as ``current_version``."""


class NotFound(ServiceError):
    """The thing does not exist, or not for this caller."""

    kind = ErrorKind.NOT_FOUND


class Denied(ServiceError):
    """The caller is known and may not."""

    kind = ErrorKind.DENIED


class Unauthenticated(ServiceError):
    """Nobody is signed in, or the credential is wrong or has expired."""

    kind = ErrorKind.UNAUTHENTICATED


class Invalid(ServiceError):
    """The request makes no sense, whoever sends it."""

    kind = ErrorKind.INVALID


class Conflict(ServiceError):
    """The thing is in another state than the request needs."""

    kind = ErrorKind.CONFLICT


class Unavailable(ServiceError):
    """Not now: a process, a device or a disk is not answering."""

    kind = ErrorKind.UNAVAILABLE


class Exhausted(ServiceError):
    """A limit is reached, or the disk is full."""

    kind = ErrorKind.EXHAUSTED
