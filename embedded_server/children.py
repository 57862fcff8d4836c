"""What every process beside the server does alike."""

from __future__ import annotations

import signal


def leave_signals_to_the_server() -> None:
    """Go on after Ctrl-C and SIGTERM, which terminals and service managers send to the whole group.

    The server is asked as well and ends its children in order, footage first; were they to go by themselves, it would
    take that for a crash. A server that is gone has closed its pipe, which ends them too.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
