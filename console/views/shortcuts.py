"""Every key of the window, declared once: actions, menus, tool tips and the help window read it here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QKeySequence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Shortcut:
    """One action with its keys. ``text`` is what palette, menus and help call it."""

    name: str
    keys: tuple[str, ...]
    text: str
    group: str
    icon: str = ""

    @property
    def shown_keys(self) -> str:
        """The first key as the platform writes it."""
        if not self.keys:
            return ""
        return QKeySequence(self.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)


WINDOW, PICTURE, PLAYBACK, EVENTS = "Window", "Cameras and walls", "Playback", "Events"
SHORTCUTS: tuple[Shortcut, ...] = (
    Shortcut("workspace.live", ("Ctrl+1",), "Live", WINDOW, "live"),
    Shortcut("workspace.review", ("Ctrl+2",), "Review", WINDOW, "review"),
    Shortcut("workspace.events", ("Ctrl+3",), "Events", WINDOW, "events"),
    Shortcut("workspace.system", ("Ctrl+4",), "System", WINDOW, "system"),
    Shortcut("palette", ("Ctrl+K",), "Find camera, event or action", WINDOW, "search"),
    Shortcut("menu", ("F2",), "Menu", WINDOW, "operator"),
    Shortcut("fold.left", ("F9",), "Fold the camera panel", WINDOW, "fold_left"),
    Shortcut("fold.right", ("F10",), "Fold the event panel", WINDOW, "fold_right"),
    Shortcut("full_screen", ("F11",), "Full screen", WINDOW, "full_screen"),
    Shortcut("back", ("Esc",), "One level back", WINDOW),
    Shortcut("theme", ("Ctrl+T",), "Dark or light", WINDOW, "theme"),
    Shortcut("settings", ("Ctrl+,",), "Settings", WINDOW, "settings"),
    Shortcut("log", ("Ctrl+Shift+L",), "Log", WINDOW, "log"),
    Shortcut("help", ("F1",), "Help and keys", WINDOW, "help"),
    Shortcut("about", (), "About Gatehouse", WINDOW, "about"),
    Shortcut("quit", ("Ctrl+Q",), "Quit", WINDOW, "quit"),
    Shortcut("camera.add", ("Ctrl+N",), "Add a camera", PICTURE, "add"),
    Shortcut("system.connect", ("Ctrl+Shift+N",), "Connect to a server", PICTURE, "connect"),
    Shortcut("camera.find", ("/",), "Filter cameras", PICTURE, "filter"),
    Shortcut("wall.save", ("Ctrl+S",), "Save this wall", PICTURE, "save"),
    Shortcut("wall.fill", ("Ctrl+D",), "Fill the wall with all cameras", PICTURE, "wall"),
    Shortcut("wall.clear_tile", ("Del",), "Empty the selected tile", PICTURE, "close"),
    Shortcut(
        "tile.enlarge", ("Return", "Enter"), "Selected tile large and back", PICTURE, "full_screen"
    ),
    Shortcut("snapshot", ("S",), "Save a snapshot of the selected tile", PICTURE, "save"),
    Shortcut("statistics", ("Ctrl+I",), "Show statistics", PICTURE, "info"),
    Shortcut("boxes", ("Ctrl+B",), "Show detection boxes", PICTURE, "camera"),
    Shortcut("play", ("Space",), "Play or pause", PLAYBACK, "play"),
    Shortcut("step.back", (",",), "One frame back", PLAYBACK, "step_back"),
    Shortcut("step.on", (".",), "One frame on", PLAYBACK, "step_forward"),
    Shortcut("live", ("L",), "Back to live", PLAYBACK, "live"),
    Shortcut("replay", ("R",), "Instant replay", PLAYBACK, "refresh"),
    Shortcut("go_to_time", ("G",), "Go to a time", PLAYBACK, "review"),
    Shortcut("faster", ("]",), "Faster", PLAYBACK),
    Shortcut("slower", ("[",), "Slower", PLAYBACK),
    Shortcut("event.next", ("K",), "Next event", EVENTS, "jump_forward"),
    Shortcut("event.previous", ("J",), "Previous event", EVENTS, "jump_back"),
    Shortcut("event.acknowledge", ("A",), "Acknowledge the event", EVENTS, "acknowledge"),
    *(
        Shortcut(f"wall.{number}", (str(number),), f"Saved wall {number}", PICTURE)
        for number in range(1, 10)
    ),
)
BY_NAME: Mapping[str, Shortcut] = {shortcut.name: shortcut for shortcut in SHORTCUTS}
GROUPS = (WINDOW, PICTURE, PLAYBACK, EVENTS)
POINTER: tuple[tuple[str, str], ...] = (
    ("Double click on a tile", "Large and back"),
    ("Drag a camera to a tile", "Show it there"),
    ("Wheel over a tile", "Digital zoom"),
    ("Wheel over the timeline", "Zoom in time"),
    ("Drag the timeline", "Move in time"),
    ("Drag the playhead", "Scrub"),
    ("Right click", "Everything that can be done here"),
)
"""What the mouse does, for the help window."""


def text_of(name: str) -> str:
    """What an action is called in the operator's language."""
    return QCoreApplication.translate("shortcuts", BY_NAME[name].text)


def make_actions(
    window: QWidget, handlers: Mapping[str, Callable[[], object]]
) -> dict[str, QAction]:
    """An action of the window for every declared shortcut.

    Raises:
        KeyError: a declared shortcut has no handler, or a handler is not declared.
    """
    surplus = handlers.keys() - BY_NAME.keys()
    if surplus:
        raise KeyError(f"not declared: {sorted(surplus)}")
    actions = {}
    for shortcut in SHORTCUTS:
        action = QAction(text_of(shortcut.name), window)
        action.setShortcuts([QKeySequence(keys) for keys in shortcut.keys])
        # A key that was bound twice would do nothing at all; tests see that none is.
        action.triggered.connect(_calling(handlers[shortcut.name]))
        window.addAction(action)
        actions[shortcut.name] = action
    return actions


def _calling(handler: Callable[[], object]) -> Callable[..., None]:
    def call(*_checked: object) -> None:
        handler()

    return call
