"""The glyph of each tile state, drawn as a shape so that no font has to have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPolygonF

from widgets.video_wall.state import TileMode

if TYPE_CHECKING:
    from collections.abc import Callable

    from widgets.theme import Theme


def state_colour(theme: Theme, mode: TileMode) -> QColor:
    """The colour of a state on top of a picture, which is dark in every theme."""
    return QColor(getattr(theme, _ROLES.get(mode, "text_2")))


def draw_glyph(painter: QPainter, mode: TileMode, at: QRectF, colour: QColor) -> None:
    """Draw the state's shape into a square."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, max(1.0, at.width() / 8)))
    painter.setBrush(colour)
    _SHAPES.get(mode, _ring)(painter, at)
    painter.restore()


def _disc(painter: QPainter, at: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawEllipse(at)


def _half_disc(painter: QPainter, at: QRectF) -> None:
    half = QPainterPath(at.center())
    half.arcTo(at, 90, 180)
    painter.fillPath(half, painter.brush())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(_inset(painter, at))


def _square(painter: QPainter, at: QRectF) -> None:
    inset = at.width() / 10
    painter.fillRect(at.adjusted(inset, inset, -inset, -inset), painter.brush())


def _triangle(painter: QPainter, at: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    top = QPointF(at.center().x(), at.top())
    painter.drawPolygon(QPolygonF([top, at.bottomRight(), at.bottomLeft()]))


def _hatched(painter: QPainter, at: QRectF) -> None:
    colour = painter.brush().color()
    painter.setBrush(QBrush(colour, Qt.BrushStyle.BDiagPattern))
    painter.drawRect(_inset(painter, at))


def _padlock(painter: QPainter, at: QRectF) -> None:
    body = QRectF(at.left(), at.top() + at.height() * 0.45, at.width(), at.height() * 0.55)
    painter.fillRect(body, painter.brush())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    side = at.width() * 0.2
    bow = QRectF(at.left() + side, at.top(), at.width() - 2 * side, at.height() * 0.9)
    painter.drawArc(_inset(painter, bow), 0, 180 * 16)


def _play(painter: QPainter, at: QRectF) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    inset = at.width() / 8
    points = [
        QPointF(at.left() + inset, at.top()),
        QPointF(at.right(), at.center().y()),
        QPointF(at.left() + inset, at.bottom()),
    ]
    painter.drawPolygon(QPolygonF(points))


def _ring(painter: QPainter, at: QRectF) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(_inset(painter, at))


def _inset(painter: QPainter, at: QRectF) -> QRectF:
    half = painter.pen().widthF() / 2
    return at.adjusted(half, half, -half, -half)


_ROLES = {
    TileMode.LIVE: "ok",
    TileMode.LATE: "caution",
    TileMode.FROZEN: "caution",
    TileMode.STALLED: "caution",
    TileMode.OFFLINE: "alert",
    TileMode.NO_PERMISSION: "caution",
    TileMode.UNSUPPORTED: "alert",
    TileMode.PLAYBACK: "accent",
}

_SHAPES: dict[TileMode, Callable[[QPainter, QRectF], None]] = {
    TileMode.LIVE: _disc,
    TileMode.LATE: _half_disc,
    TileMode.FROZEN: _square,
    TileMode.STALLED: _square,
    TileMode.OFFLINE: _triangle,
    TileMode.UNSUPPORTED: _triangle,
    TileMode.NO_PERMISSION: _padlock,
    TileMode.PLAYBACK: _play,
    TileMode.NO_FOOTAGE: _hatched,
}
