"""What can go wrong for an operator.

ConsoleError
├── CannotConnect      nobody answers, name unknown, refused, not one of ours
├── SignInRefused      wrong name or password, or the session ended
├── NotPermitted       signed in, but not allowed
├── NotFound           gone meanwhile
├── Conflict           changed meanwhile, or the camera cannot do that now
├── InvalidInput       the system refuses what was entered, with its sentence
├── SystemFailed       the system answered with a fault of its own
└── TimedOut           no answer in time
"""

from __future__ import annotations


class ConsoleError(Exception):
    """Base: ``str`` is a sentence with the cause; ``remedy`` is what the operator can do, when that is known."""

    def __init__(self, message: str, *, remedy: str | None = None) -> None:
        super().__init__(message)
        self.remedy = remedy


class CannotConnect(ConsoleError):
    """Nobody answers at that address, or it is not a system we speak to."""


class SignInRefused(ConsoleError):
    """Name or password is wrong, or the session has ended."""


class NotPermitted(ConsoleError):
    """This account may not do that."""


class NotFound(ConsoleError):
    """It is not there any more."""


class Conflict(ConsoleError):
    """It was changed by somebody else meanwhile, or cannot be done now."""


class InvalidInput(ConsoleError):
    """The system refuses what was entered."""


class SystemFailed(ConsoleError):
    """The system answered with a fault of its own."""


class TimedOut(ConsoleError):
    """No answer in time."""
