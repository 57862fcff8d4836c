"""Whether Qt will find a screen; without one it would abort the process, with no word to the operator."""

from __future__ import annotations

import ctypes
import os
import platform
from pathlib import Path

REMEDY = "Start it in a desktop session, or with --headless --screenshot FILE to see the result without a screen."
_NEEDED_BY_QT = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libEGL.so.1": "libegl1",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
}


def why_no_screen() -> str | None:
    """A sentence with cause and remedy, or None when there is a screen."""
    if platform.system() != "Linux":
        return None
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    if chosen and not chosen.startswith(("xcb", "wayland")):
        return None
    if _has_wayland():
        return None
    display = os.environ.get("DISPLAY")
    if not display:
        return f"There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set). {REMEDY}"
    return _why_no_x11(display)


def _has_wayland() -> bool:
    name = os.environ.get("WAYLAND_DISPLAY")
    if not name:
        return False
    return (Path(os.environ.get("XDG_RUNTIME_DIR", "/nowhere")) / name).exists()


def _why_no_x11(display: str) -> str | None:
    missing = [package for file, package in _NEEDED_BY_QT.items() if _load(file) is None]
    if missing:
        return (
            f"System libraries that the window needs are missing: {', '.join(missing)}. "
            f"Install them: sudo apt-get install {' '.join(missing)}"
        )
    xcb = _load("libxcb.so.1")
    if xcb is not None and not _answers(xcb, display):
        return f"The display {display!r} does not answer. {REMEDY}"
    return None


def _answers(xcb: ctypes.CDLL, display: str) -> bool:
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    try:
        return bool(xcb.xcb_connection_has_error(connection) == 0)
    finally:
        xcb.xcb_disconnect(connection)


def _load(file: str) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(file)
    except OSError:
        return None
