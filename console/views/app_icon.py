"""The application's icon."""

from __future__ import annotations

from importlib import resources

from PySide6.QtGui import QIcon, QPixmap


def app_icon() -> QIcon:
    """The icon in the sizes that window managers ask for."""
    drawing = resources.files("resources.icons").joinpath("gatehouse.svg")
    with resources.as_file(drawing) as file:
        made = QIcon(str(file))
        sizes = [made.pixmap(size, size) for size in (16, 24, 32, 48, 64, 128, 256)]
    kept = QIcon()
    for picture in sizes:
        kept.addPixmap(QPixmap(picture))
    return kept
