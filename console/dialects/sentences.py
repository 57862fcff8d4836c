"""The error-text table of all dialects: what went wrong on the way to a system, with cause and remedy."""

from __future__ import annotations

import errno
import logging
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console.domain.address import host_of
from console.domain.errors import CannotConnect, SignInRefused, SystemFailed, TimedOut

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger("gatehouse.dialects")
_UNREACHABLE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN}


def unreachable(address: str, error: BaseException) -> CannotConnect:
    """Nobody could be reached at that address; the library's error says why."""
    host = host_of(address)
    for cause in _chain(error):
        if isinstance(cause, socket.gaierror):
            return CannotConnect(
                f"No computer named {host} was found.",
                remedy="Check the spelling, or enter the IP address.",
            )
        if isinstance(cause, ConnectionRefusedError):
            return CannotConnect(
                f"{address} refuses the connection: nothing is listening there.",
                remedy="Check the port, and that the server is running.",
            )
        if isinstance(cause, ssl.SSLError):
            return CannotConnect(
                f"No secure connection to {address}: {cause.reason or cause}.",
                remedy="Check whether the server speaks https, and its certificate.",
            )
        if isinstance(cause, OSError) and cause.errno in _UNREACHABLE:
            return CannotConnect(
                f"There is no way to {host} in the network.",
                remedy="Check the network cable, the VPN and the address.",
            )
    return CannotConnect(
        f"No connection to {address}: {_shortly(error)}.",
        remedy="Check the address and the network.",
    )


def too_slow(address: str) -> TimedOut:
    """Nothing came back in time."""
    return TimedOut(
        f"{address} does not answer in time.",
        remedy="Check the address and the network; a firewall may be in the way.",
    )


def connection_lost(address: str, error: BaseException) -> CannotConnect:
    """It was there a moment ago; what the library calls that is for the log."""
    _log.info("%s: %s", address, _shortly(error))
    return CannotConnect(
        f"The connection to {urlsplit(address).netloc or address} was lost.",
        remedy="Gatehouse tries again by itself.",
    )


def not_ours(address: str) -> CannotConnect:
    """Something answers, but it does not speak our language."""
    return CannotConnect(
        f"{address} answers, but it is not a Gatehouse server.",
        remedy="Check the port; Gatehouse servers listen on 8480 unless told otherwise.",
    )


def wrong_password(address: str) -> SignInRefused:
    """Signing in failed."""
    return SignInRefused(
        f"{address} does not accept this user name and password.",
        remedy="Check both; capital letters matter.",
    )


def unreadable(address: str, what: str) -> SystemFailed:
    """The answer has not the agreed form."""
    return SystemFailed(
        f"{address} sent an answer that cannot be read ({what}).",
        remedy="Console and server may be of very different versions: update the older one.",
    )


def _shortly(error: BaseException) -> str:
    text = str(error).strip().rstrip(".")
    return text or type(error).__name__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and everything it came from; happy-eyeballs failures come as groups."""
    while error is not None:
        yield error
        if isinstance(error, BaseExceptionGroup):
            for inner in error.exceptions:
                yield from _chain(inner)
        error = error.__cause__ or error.__context__
