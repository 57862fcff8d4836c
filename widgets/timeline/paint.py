"""Painting of a timeline's parts, from pixels and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from widgets.theme import font
from widgets.timeline.scale import merged_bars

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

    from widgets.theme import Theme
    from widgets.timeline.scale import Scale
    from widgets.timeline.values import Lane, Mark

LEAST_MARK_PX = 3.0
HATCH_PX = 7
_APART = 4.0


def paint_ticks(
    painter: QPainter,
    scale: Scale,
    theme: Theme,
    zone: tzinfo | None,
    labels: QRectF,
    bottom: float,
) -> None:
    """Round times in ``labels`` and a faint line from each down to ``bottom``."""
    painter.setFont(font(0.89))
    metrics = painter.fontMetrics()
    free_from = labels.left() - 40
    for tick in scale.ticks(zone, apart_px=metrics.horizontalAdvance("00:00:00") + 46):
        x = scale.x_of(tick.at)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(QLineF(x, labels.bottom(), x, bottom))
        half = metrics.horizontalAdvance(tick.text) / 2
        if x - half >= max(free_from, labels.left()) and x + half <= labels.right():
            painter.setPen(theme.colour("text" if tick.is_major else "text_2"))
            place = QRectF(x - half - 2, labels.top(), 2 * half + 4, labels.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, tick.text)
            free_from = x + half + 8


def paint_lane(
    painter: QPainter, scale: Scale, theme: Theme, lane: Lane, area: QRectF, now: datetime | None
) -> None:
    """Footage as a bar at the bottom of the area, what happened above it."""
    high = min(9.0, max(4.0, area.height() * 0.26))
    bar = QRectF(area.left(), area.bottom() - high, area.width(), high)
    painter.fillRect(bar, theme.colour("raised"))
    spans = ((scale.x_of(start), scale.x_of(end)) for start, end in lane.runs)
    for left, right in merged_bars(list(_visible(spans, bar))):
        painter.fillRect(
            QRectF(left, bar.top(), max(right - left, 1.0), high), theme.colour("footage")
        )
    for is_partial in (False, True):
        gaps = (
            (scale.x_of(gap.start), scale.x_of(gap.end or now or scale.span.end))
            for gap in lane.gaps
            if gap.is_partial is is_partial
        )
        share = high * 0.4 if is_partial else high
        for left, right in merged_bars(list(_visible(gaps, bar)), closer_px=0):
            place = QRectF(left, bar.bottom() - share, max(right - left, 2.0), share)
            paint_hatched(painter, theme, place)
    _paint_marks(painter, scale, theme, lane.marks, area.adjusted(0, 0, 0, -high - 2))


def paint_hatched(painter: QPainter, theme: Theme, area: QRectF) -> None:
    """Footage that is missing."""
    painter.save()
    painter.setClipRect(area)
    painter.fillRect(area, theme.colour("gap"))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("gap_line"), 2))
    x = area.left() - area.left() % HATCH_PX - HATCH_PX
    while x < area.right() + area.height():
        painter.drawLine(QLineF(x, area.bottom(), x + area.height(), area.top()))
        x += HATCH_PX
    painter.restore()


def _paint_marks(
    painter: QPainter, scale: Scale, theme: Theme, marks: Iterable[Mark], area: QRectF
) -> None:
    by_look: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for mark in marks:
        left = scale.x_of(mark.start)
        right = max(scale.x_of(mark.end or mark.start), left + LEAST_MARK_PX)
        if right >= area.left() and left <= area.right():
            bars = by_look.setdefault((mark.weight, mark.role), [])
            bars.append((max(left, area.left()), min(right, area.right())))
    for (weight, role), bars in sorted(by_look.items()):
        high = max(2.0, min(area.height(), 14.0) * (0.34, 0.62, 1.0)[weight - 1])
        for left, right in merged_bars(bars, closer_px=0.5):
            place = QRectF(left, area.bottom() - high, right - left, high)
            painter.fillRect(place, theme.colour(role))


def paint_playhead(
    painter: QPainter, theme: Theme, x: float, top: float, bottom: float, text: str
) -> QRectF:
    """A line over all lanes with a grip on top; returns where the text beside the grip stands."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("text"), 2))
    painter.drawLine(QLineF(x, top, x, bottom))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("text"))
    painter.drawPolygon(QPolygonF([QPointF(x - 6, top), QPointF(x + 6, top), QPointF(x, top + 8)]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    return paint_bubble(painter, theme, x, top, text)


def paint_bubble(
    painter: QPainter,
    theme: Theme,
    x: float,
    top: float,
    text: str,
    *,
    taken: QRectF | None = None,
) -> QRectF:
    """A time in a small box beside ``x``, always inside the widget and clear of what is ``taken``."""
    painter.setFont(font(0.89))
    metrics = painter.fontMetrics()
    wide, high = metrics.horizontalAdvance(text) + 12, metrics.height() + 2
    left = x + 9 if x + 9 + wide <= painter.viewport().width() else x - 9 - wide
    place = QRectF(left, top, wide, high)
    if taken is not None and place.intersects(taken.adjusted(-_APART, 0, _APART, 0)):
        place.moveRight(min(x - 9, taken.left() - _APART))
    painter.setPen(theme.colour("line"))
    painter.setBrush(theme.colour("raised"))
    painter.drawRect(place)
    painter.setPen(theme.colour("text"))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
    return place


def _visible(spans: Iterable[tuple[float, float]], area: QRectF) -> Iterable[tuple[float, float]]:
    for left, right in spans:
        if right >= area.left() and left <= area.right():
            yield max(left, area.left()), min(right, area.right())
