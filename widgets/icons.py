"""Icons by our own names, in the colour of a role; the only module that knows qtawesome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import qtawesome
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap, QPixmapCache

from widgets.theme import current_theme

if TYPE_CHECKING:
    from collections.abc import Mapping

_GLYPHS: Mapping[str, str] = {
    "about": "information-outline",
    "acknowledge": "check-bold",
    "add": "plus",
    "alert": "alert",
    "camera": "cctv",
    "cancel": "close",
    "close": "close",
    "computer": "monitor",
    "connect": "lan-connect",
    "copy": "content-copy",
    "delete": "delete-outline",
    "down": "chevron-down",
    "cameras": "cctv",
    "error": "alert-octagon",
    "events": "bell-outline",
    "expand": "chevron-right",
    "filter": "filter-variant",
    "fold_left": "chevron-left",
    "fold_right": "chevron-right",
    "full_screen": "fullscreen",
    "gate": "boom-gate-outline",
    "help": "help-circle-outline",
    "info": "information-outline",
    "jump_back": "skip-previous",
    "jump_forward": "skip-next",
    "live": "access-point",
    "log": "text-box-outline",
    "move_home": "home-outline",
    "ok": "circle",
    "operator": "account-circle-outline",
    "password": "lock-outline",
    "pause": "pause",
    "play": "play",
    "preset": "crosshairs-gps",
    "quit": "exit-to-app",
    "refresh": "refresh",
    "review": "filmstrip",
    "save": "content-save-outline",
    "search": "magnify",
    "server": "server",
    "settings": "cog-outline",
    "sign_out": "logout",
    "step_back": "step-backward",
    "step_forward": "step-forward",
    "system": "server-network",
    "theme": "theme-light-dark",
    "video_off": "video-off-outline",
    "wall": "view-grid-outline",
    "warning": "alert",
    "zoom_in": "plus",
    "zoom_out": "minus",
}
NAMES = tuple(_GLYPHS)
"""Every icon there is."""


def icon(name: str, role: str = "text") -> QIcon:
    """An icon that takes the colour of its role from the theme in force, also after a change of theme."""
    return QIcon(_ThemedEngine(_GLYPHS[name], role))


def pixmap(name: str, size: int, role: str = "text", *, ratio: float = 1.0) -> QPixmap:
    """An icon as a picture, sharp at that device pixel ratio."""
    key = f"gatehouse/{name}/{size}/{current_theme().colour(role).name()}/{ratio}"
    made = QPixmap()
    if not QPixmapCache.find(
        key, made
    ):  # drawing a glyph costs a tenth of painting a list of events
        made = icon(name, role).pixmap(QSize(size, size), ratio)
        QPixmapCache.insert(key, made)
    return made


class _ThemedEngine(QIconEngine):
    """Asks for the colour each time it paints."""

    def __init__(self, glyph: str, role: str) -> None:
        super().__init__()
        self._glyph = glyph
        self._role = role

    def clone(self) -> QIconEngine:
        return _ThemedEngine(self._glyph, self._role)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        theme = current_theme()
        role = "text_3" if mode is QIcon.Mode.Disabled else self._role
        drawn = qtawesome.icon(  # type: ignore[no-untyped-call]  # qtawesome has no types
            f"mdi6.{self._glyph}", color=theme.colour(role)
        )
        drawn.paint(painter, rect, Qt.AlignmentFlag.AlignCenter, QIcon.Mode.Normal, state)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return made
