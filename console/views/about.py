"""The about box: which version of what is running."""

from __future__ import annotations

import platform
from importlib import metadata

from PySide6.QtCore import QSize, Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from console.views.app_icon import app_icon
from widgets.icons import icon
from widgets.text import wrapped
from widgets.theme import set_kind

SHOWN = ("PySide6-Essentials", "av", "onnxruntime", "opencv-python-headless", "numpy", "httpx")


class AboutBox(QDialog):
    """Name, version, and the versions that a bug report needs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("About Gatehouse"))
        self.setMinimumWidth(420)
        sign = QLabel()
        sign.setPixmap(app_icon().pixmap(QSize(56, 56), self.devicePixelRatioF()))
        name = QLabel("Gatehouse")
        set_kind(name, "heading")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(name)
        words.addWidget(wrapped(self.tr("Version {v}").format(v=version_of("gatehouse"))))
        words.addWidget(
            wrapped(
                self.tr("Operator console for video security, with its own server."), "secondary"
            )
        )
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(sign, alignment=Qt.AlignmentFlag.AlignTop)
        head.addLayout(words, stretch=1)
        copy = QPushButton(icon("copy"), self.tr("Copy"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report()))
        close = QPushButton(self.tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addWidget(copy)
        foot.addStretch(1)
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(14)
        layout.addLayout(head)
        layout.addWidget(wrapped(report(), "hint"))
        layout.addLayout(foot)


def report() -> str:
    """Versions, one per line."""
    lines = [
        f"Gatehouse {version_of('gatehouse')}",
        f"Python {platform.python_version()} · {platform.platform(terse=True)}",
        f"Qt {qVersion()}",
    ]
    return "\n".join([*lines, *(f"{name} {version_of(name)}" for name in SHOWN)])


def version_of(distribution: str) -> str:
    """Its version; a run from a checkout that is not installed has none."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "(not installed)"
