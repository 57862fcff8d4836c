"""What every process beside the server does alike."""

from __future__ import annotations

import contextlib
import signal
import sys
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

_GIVING_WAY = 5
"""Niceness of what may come late, where the platform counts so."""
_STOPPING = (signal.SIGINT, signal.SIGTERM)


def leave_signals_to_the_server() -> None:
    """Go on after Ctrl-C and SIGTERM, which terminals and service managers send to the whole group.

    The server is asked as well and ends its children in order, footage first; were they to go by themselves, it would
    take that for a crash. A server that is gone has closed its pipe, which ends them too.
    """
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def born_deaf() -> Iterator[None]:
    """A process started within it is not ended by these signals before it can say that it ignores them."""
    if sys.platform == "win32":  # no such mask there, and no such signals to a group
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def give_way() -> None:
    """On a machine that is too busy let this process come late, not the pictures that somebody watches."""
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        psutil.Process().nice(_GIVING_WAY)
