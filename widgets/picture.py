"""A still picture that fills its place and keeps its shape."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from widgets.theme import current_theme, font


class Picture(QWidget):
    """Shows an image, a frame on it, or a sentence instead."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = QImage()
        self._scaled = QImage()
        self._text = ""
        self._box: tuple[float, float, float, float] | None = None
        self._label = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 90)

    def show_jpeg(self, data: bytes) -> bool:
        """Show an encoded picture; False if it is none."""
        image = QImage.fromData(data)
        self._image, self._scaled, self._text = image, QImage(), ""
        self.update()
        return not image.isNull()

    def show_text(self, text: str) -> None:
        """Show a sentence."""
        self._image, self._scaled, self._text = QImage(), QImage(), text
        self.update()

    def show_box(self, box: tuple[float, float, float, float] | None, label: str = "") -> None:
        """Frame a part: left, top, width and height in fractions of the picture."""
        self._box, self._label = box, label
        self.update()

    def sizeHint(self) -> QSize:
        """Wide screen."""
        return QSize(640, 360)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Black around the picture."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        if self._image.isNull():
            painter.setPen(current_theme().colour("text_3"))
            painter.setFont(font())
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 16, -16, -16), flags, self._text)
            return
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(
            (self.width() - size.width()) / 2,
            (self.height() - size.height()) / 2,
            size.width(),
            size.height(),
        )
        wanted = size * self.devicePixelRatioF()
        if self._scaled.size() != wanted:
            smooth = Qt.TransformationMode.SmoothTransformation
            keep = Qt.AspectRatioMode.IgnoreAspectRatio
            self._scaled = self._image.scaled(wanted, keep, smooth)
        painter.drawImage(place, self._scaled)
        if self._box is not None:
            self._paint_box(painter, place, self._box)

    def _paint_box(
        self, painter: QPainter, place: QRectF, box: tuple[float, float, float, float]
    ) -> None:
        x, y, wide, high = box
        frame = QRectF(
            place.left() + x * place.width(),
            place.top() + y * place.height(),
            wide * place.width(),
            high * place.height(),
        ).intersected(place)
        colour = current_theme().colour("box")
        painter.setPen(QPen(colour, 2))
        painter.drawRect(frame)
        if not self._label:
            return
        painter.setFont(font(0.89, is_bold=True))
        metrics = painter.fontMetrics()
        size = QSize(metrics.horizontalAdvance(self._label) + 8, metrics.height() + 2)
        top = frame.top() - size.height()
        top = frame.top() if top < place.top() else top
        left = min(frame.left(), place.right() - size.width())
        label = QRectF(left, top, size.width(), size.height())
        painter.fillRect(label, colour)
        painter.setPen(Qt.GlobalColor.black)
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, self._label)
