"""Whether there is a screen to open a window on, found out before Qt would abort over it."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from installers.errors import NotAvailable

if TYPE_CHECKING:
    from collections.abc import Mapping

_X11_PORT = 6000
_TIMEOUT_S = 3.0
_REMEDY = (
    "Run this from a desktop session, or see the result without a screen:\n\n"
    "    python3 installers/bootstrap.py demo --headless --screenshot wall.png --seconds 30\n"
)


def require(environment: Mapping[str, str]) -> None:
    """Return if a window can be opened.

    Raises:
        NotAvailable: there is no display, or nothing answers there.
    """
    if not sys.platform.startswith("linux"):
        return
    if environment.get("QT_QPA_PLATFORM", "").split(":")[0] in {"offscreen", "minimal", "vnc"}:
        return
    wayland, display = environment.get("WAYLAND_DISPLAY"), environment.get("DISPLAY")
    if not wayland and not display:
        raise NotAvailable(
            "There is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set.", _REMEDY
        )
    if wayland and _wayland_socket(wayland, environment).exists():
        return
    if display and _answers(display):
        return
    raise NotAvailable(f"Nothing answers at the display {display or wayland}.", _REMEDY)


def place_of(display: str) -> tuple[str, int] | None:
    """Host ("" for this machine) and number of an X display name; None if it is not one."""
    named = re.fullmatch(r"(?:unix)?([^:/]*):(\d+)(?:\.\d+)?", display)
    return (named[1], int(named[2])) if named else None


def _wayland_socket(name: str, environment: Mapping[str, str]) -> Path:
    return Path(environment.get("XDG_RUNTIME_DIR", "/")) / name  # the name may be a whole path


def _answers(display: str) -> bool:
    if sys.platform == "win32":
        return False
    place = place_of(display)
    if place is None:
        return Path(display).exists()  # macOS and some forwarders name the socket itself
    host, number = place
    if host:
        return _connects(socket.AF_INET, (host, _X11_PORT + number))
    name = f"/tmp/.X11-unix/X{number}"
    return (
        _connects(socket.AF_UNIX, name)
        or _connects(socket.AF_UNIX, f"\0{name}")
        or _connects(socket.AF_INET, ("127.0.0.1", _X11_PORT + number))
    )


def _connects(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(_TIMEOUT_S)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True
