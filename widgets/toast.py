"""Short messages over the window: they leave by themselves, errors stay until they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from widgets.icons import icon, pixmap
from widgets.text import wrapped
from widgets.theme import current_theme, set_kind

if TYPE_CHECKING:
    from collections.abc import Callable

LIFE_MS = 6000
MOST = 4
WIDTH = 380
MARGIN = 14
ROLES = {"info": ("info", "accent"), "warning": ("warning", "caution"), "error": ("error", "alert")}


@dataclass(frozen=True, slots=True)
class Message:
    """What a toast says. ``level`` is ``info``, ``warning`` or ``error``."""

    level: str
    text: str
    remedy: str = ""


class Toast(QWidget):
    """One message with a button that closes it."""

    def __init__(
        self, message: Message, close: Callable[[Toast], None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.message = message
        self._close = close
        picture, role = ROLES.get(message.level, ROLES["info"])
        self._role = role
        sign = QLabel()
        sign.setPixmap(pixmap(picture, 20, role, ratio=self.devicePixelRatioF()))
        text = wrapped(message.text)
        closing = QToolButton()
        closing.setIcon(icon("close", "text_2"))
        closing.setAccessibleName(self.tr("Close this message"))
        closing.setToolTip(closing.accessibleName())
        set_kind(closing, "quiet")
        closing.clicked.connect(self._leave)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(text)
        if message.remedy:
            words.addWidget(wrapped(message.remedy, "secondary"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 10, 8, 10)
        layout.setSpacing(10)
        layout.addWidget(sign, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, stretch=1)
        layout.addWidget(closing, alignment=Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(f"{message.text} {message.remedy}".strip())
        self._life = QTimer(self)
        self._life.setSingleShot(True)
        self._life.setInterval(LIFE_MS)
        self._life.timeout.connect(self._leave)
        if message.level != "error":
            self._life.start()

    def enterEvent(self, _event: object) -> None:
        """It stays while somebody reads it."""
        self._life.stop()

    def leaveEvent(self, _event: object) -> None:
        """Its time begins again."""
        if self.message.level != "error":
            self._life.start()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A raised card with a stripe in the colour of its level."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour("line"))
        painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(self._role))
        painter.drawRoundedRect(0, 8, 4, self.height() - 16, 2, 2)

    def _leave(self) -> None:
        self._life.stop()
        self._close(self)


class ToastStack(QObject):
    """Toasts in the corner of a window, the newest at the bottom; the same message twice shows once."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._toasts: list[Toast] = []
        self._bottom = MARGIN
        over.installEventFilter(self)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What is on the screen."""
        return tuple(toast.message for toast in self._toasts)

    def set_bottom(self, pixels: int) -> None:
        """Keep this much free below."""
        self._bottom = pixels
        self._arrange()

    def say(self, message: Message) -> None:
        """Show a message; the oldest that may leave makes room."""
        for toast in [toast for toast in self._toasts if toast.message == message]:
            self._close(toast)
        if len(self._toasts) >= MOST:
            passing = [toast for toast in self._toasts if toast.message.level != "error"]
            self._close((passing or self._toasts)[0])
        toast = Toast(message, self._close, self._over)
        self._toasts.append(toast)
        toast.show()
        self._arrange()

    def close_newest(self) -> bool:
        """Close the newest; False when there was none."""
        if not self._toasts:
            return False
        self._close(self._toasts[-1])
        return True

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow the window's size."""
        if event.type() == QEvent.Type.Resize:
            self._arrange()
        return False

    def _close(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
            toast.hide()
            toast.deleteLater()
            self._arrange()

    def _arrange(self) -> None:
        bottom = self._over.height() - self._bottom
        wide = min(WIDTH, self._over.width() - 2 * MARGIN)
        left = (self._over.width() - wide) // 2
        for toast in reversed(self._toasts):
            high = max(toast.heightForWidth(wide), toast.minimumSizeHint().height())
            bottom -= high
            toast.setGeometry(left, bottom, wide, high)
            toast.raise_()
            bottom -= 8
