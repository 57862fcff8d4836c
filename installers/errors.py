"""What set-up says when it cannot go on.

SetupError
├── NotAllowed      something must be installed that this user may not install
└── NotAvailable    the network, the disk or the machine does not give what is needed
"""

from __future__ import annotations


class SetupError(Exception):
    """Ends the set-up: sentences with the cause, and what to do about it."""

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__(f"{cause}\n{remedy}".rstrip())
        self.cause = cause
        self.remedy = remedy


class NotAllowed(SetupError):
    """The remedy is a line for somebody with more rights to type."""


class NotAvailable(SetupError):
    """The remedy is to change something about the machine or its network."""
