"""Addresses of systems as people type them."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from console.domain.errors import InvalidInput

DEFAULT_PORT = 8480
_REMEDY = "Enter a host name or IP address, such as 192.168.1.20 or http://nvr.example:8480."


def normalised(address: str) -> str:
    """``scheme://host:port`` for what was typed; a bare host gets ``http`` and the port of Gatehouse.

    Raises:
        InvalidInput: no host can be read from it.
    """
    text = address.strip()
    if not text:
        raise InvalidInput("The address is empty.", remedy=_REMEDY)
    try:
        parts = urlsplit(text if "://" in text else f"http://{_bracketed(text)}")
        port = parts.port
    except ValueError as error:
        raise InvalidInput(f"{address!r} is not an address.", remedy=_REMEDY) from error
    host = parts.hostname
    if not host or any(c.isspace() for c in host) or parts.scheme not in ("http", "https"):
        raise InvalidInput(f"{address!r} is not an address.", remedy=_REMEDY)
    if port is None:
        port = 443 if parts.scheme == "https" else DEFAULT_PORT
    return f"{parts.scheme}://{_bracketed(host)}:{port}"


def host_of(address: str) -> str:
    """The host of a normalised address."""
    return urlsplit(address).hostname or ""


def is_near(address: str) -> bool:
    """Whether the address is on this computer or in the local network, where no proxy is ever meant."""
    host = host_of(address)
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".home.arpa"))
    return ip.is_private or ip.is_link_local


def system_id(address: str) -> str:
    """A stable id for the system at a normalised address, usable in a ``CameraKey``."""
    parts = urlsplit(address)
    host = (parts.hostname or "").replace(":", "-")
    return f"{host}-{parts.port}"


def _bracketed(host: str) -> str:
    """IPv6 addresses go into brackets; anything else is as it was."""
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host
