"""A guard over the test process: it may talk to this machine, and to nobody else."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import sys
from typing import Any

_DOCUMENTATION = tuple(
    ipaddress.ip_network(name)
    for name in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
_RESERVED_NAMES = (".invalid", ".test", ".example")
_reached: list[str] = []


def install() -> None:
    """Watch every socket of this process from now on."""
    sys.addaudithook(_on_event)


def reached() -> list[str]:
    """Hosts that were tried since the last call."""
    found = _reached.copy()
    _reached.clear()
    return found


def refusal(host: object) -> OSError | None:
    """What connecting to that host answers here; None where it is allowed.

    Addresses and names set aside for documentation (RFC 5737, 3849, 2606) fail as they would on a
    real network, so that tests may use them; anything else is a mistake of the test.
    """
    text = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    try:
        address = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return _refusal_of_name(text)
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        return None
    if any(address in network for network in _DOCUMENTATION):
        return OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
    return PermissionError(errno.EACCES, f"tests may not reach for {text}")


def _refusal_of_name(name: str) -> OSError | None:
    if name in {"localhost", socket.gethostname()}:
        return None
    if name.endswith(_RESERVED_NAMES):
        return socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return PermissionError(errno.EACCES, f"tests may not reach for {name}")


def _on_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        sock, address = arguments
        if sock.family in {socket.AF_INET, socket.AF_INET6} and address:
            _check(address[0])
    elif event == "socket.getaddrinfo":
        _check(arguments[0])


def _check(host: object) -> None:
    refused = refusal(host)
    if isinstance(refused, PermissionError):
        _reached.append(str(host))
    if refused is not None:
        raise refused
