"""Colours and metrics by role; every widget asks here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from widgets.stylesheet import stylesheet

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

_PROPERTY = "gatehouse_theme"
_MOTION_PROPERTY = "gatehouse_reduced_motion"
FADE_MS = 120
"""Length of every fade; see ``fade_ms``."""


@dataclass(frozen=True, slots=True)
class Theme:
    """One look: colours as ``#rrggbb`` by role."""

    name: str
    is_dark: bool
    background: str
    panel: str
    raised: str
    line: str
    text: str
    text_2: str
    text_3: str
    accent: str
    primary: str
    on_primary: str
    ok: str
    caution: str
    alert: str
    footage: str
    gap: str
    box: str
    hover: str
    """Behind a control under the pointer."""
    selected: str
    """Behind what is chosen."""
    alert_soft: str
    """Behind text in ``alert``."""
    gap_line: str
    """Hatching on ``gap``."""

    def colour(self, role: str) -> QColor:
        """The colour of a role by name."""
        return QColor(getattr(self, role))


DARK = Theme(
    name="dark",
    is_dark=True,
    background="#0d1015",
    panel="#10141a",
    raised="#1a212b",
    line="#232b36",
    text="#e4eaf1",
    text_2="#9aa7b5",
    text_3="#7f8c9a",
    accent="#58a6ff",
    primary="#2b5fa8",
    on_primary="#ffffff",
    ok="#57d39a",
    caution="#f2b84b",
    alert="#ff6b63",
    footage="#24476f",
    gap="#5a3335",
    box="#ffcf5c",
    hover="#222b37",
    selected="#1d2d40",
    alert_soft="#33191b",
    gap_line="#a5484a",
)

LIGHT = Theme(
    name="light",
    is_dark=False,
    background="#f2f4f7",
    panel="#ffffff",
    raised="#e6ebf1",
    line="#ccd4de",
    text="#12181f",
    text_2="#47535f",
    text_3="#5b6773",
    accent="#0a5fc2",
    primary="#2b5fa8",
    on_primary="#ffffff",
    ok="#0d7a48",
    caution="#8a5a00",
    alert="#c2261d",
    footage="#8db4e2",
    gap="#e3b5b3",
    box="#b27700",
    hover="#dbe2ea",
    selected="#d3e4f8",
    alert_soft="#fbe4e2",
    gap_line="#b9524d",
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


def apply(app: QApplication, theme: Theme, *, reduced_motion: bool = False) -> None:
    """Dress the whole application; every widget repaints in the new colours."""
    app.setProperty(_PROPERTY, theme.name)
    app.setProperty(_MOTION_PROPERTY, reduced_motion)
    if app.style().name() != "fusion":
        app.setStyle("Fusion")
    app.setPalette(palette(theme))
    app.setStyleSheet(stylesheet(theme))
    for widget in app.allWidgets():
        widget.update()


def theme_named(name: str) -> Theme:
    """The theme of a setting: ``dark``, ``light``, or ``system``, which follows the desktop."""
    if name == "system":
        is_light = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Light
        return LIGHT if is_light else DARK
    return THEMES.get(name, DARK)


def current_theme() -> Theme:
    """The theme in force; dark before anything was applied."""
    app = QApplication.instance()
    name = app.property(_PROPERTY) if app is not None else None
    return THEMES.get(str(name), DARK)


def fade_ms() -> int:
    """How long a fade takes: nothing at all where motion is unwelcome."""
    app = QApplication.instance()
    return 0 if app is not None and app.property(_MOTION_PROPERTY) else FADE_MS


def palette(theme: Theme) -> QPalette:
    """Qt's own roles from ours, for whatever the stylesheet does not reach."""
    roles = QPalette.ColorRole
    made = QPalette()
    for role, colour in (
        (roles.Window, theme.panel),
        (roles.Base, theme.background),
        (roles.AlternateBase, theme.panel),
        (roles.Button, theme.raised),
        (roles.ToolTipBase, theme.raised),
        (roles.Highlight, theme.primary),
        (roles.HighlightedText, theme.on_primary),
        (roles.WindowText, theme.text),
        (roles.Text, theme.text),
        (roles.ButtonText, theme.text),
        (roles.ToolTipText, theme.text),
        (roles.BrightText, theme.alert),
        (roles.Link, theme.accent),
        (roles.LinkVisited, theme.accent),
        (roles.PlaceholderText, theme.text_3),
        (roles.Accent, theme.accent),
        (roles.Mid, theme.line),
        (roles.Dark, theme.background),
    ):
        made.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.text_3))
    return made


def font(scale: float = 1.0, *, is_bold: bool = False) -> QFont:
    """The application's font in another size; sizes follow what the desktop asks for."""
    made = QFont(QApplication.font())
    if made.pointSizeF() > 0:
        made.setPointSizeF(made.pointSizeF() * scale)
    else:
        made.setPixelSize(max(1, round(made.pixelSize() * scale)))
    made.setWeight(QFont.Weight.DemiBold if is_bold else QFont.Weight.Normal)
    return made


def line_height(scale: float = 1.0) -> int:
    """Height of one line of text in that size."""
    return QFontMetrics(font(scale)).height()


def set_kind(widget: QWidget, kind: str) -> None:
    """Give a widget one of the stylesheet's kinds (``primary``, ``quiet``, ``caption`` …)."""
    if widget.property("kind") != kind:
        widget.setProperty("kind", kind)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
