"""A state in one glance: glyph, text and colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.theme import current_theme, font

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent


class StateChip(QWidget):
    """Glyph and word of a state, elided where there is no room."""

    def __init__(
        self, glyph: str = "", text: str = "", role: str = "text_2", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._glyph, self._text, self._role = glyph, text, role
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    def set_state(self, glyph: str, text: str, role: str) -> None:
        """Show another state."""
        self._glyph, self._text, self._role = glyph, text, role
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Glyph and whole text."""
        metrics = self.fontMetrics()
        wide = metrics.horizontalAdvance(self._text)
        return QSize(wide + metrics.height() + 18, metrics.height() + 6)

    def minimumSizeHint(self) -> QSize:
        """The glyph alone."""
        high = self.fontMetrics().height()
        return QSize(high + 14, high + 6)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """A soft box, the glyph in colour, the text beside it."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour("line"))
        painter.setBrush(theme.colour("raised"))
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        painter.setFont(font())
        metrics = painter.fontMetrics()
        painter.setPen(theme.colour(self._role))
        glyph = QRectF(7, 0, metrics.height(), self.height())
        painter.drawText(glyph, Qt.AlignmentFlag.AlignCenter, self._glyph)
        place = QRectF(glyph.right() + 3, 0, self.width() - glyph.right() - 11, self.height())
        painter.setPen(theme.colour("text"))
        shown = metrics.elidedText(self._text, Qt.TextElideMode.ElideRight, int(place.width()) + 1)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        self.setToolTip(self._text if shown != self._text else "")
