"""The timeline as a widget: paints values, emits what the operator does with them."""

from __future__ import annotations

import enum
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QScrollBar, QSizePolicy, QToolTip, QWidget

from widgets.theme import current_theme, font, line_height
from widgets.timeline.paint import (
    LEAST_MARK_PX,
    paint_bubble,
    paint_lane,
    paint_playhead,
    paint_ticks,
)
from widgets.timeline.scale import Scale, TimeSpan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from PySide6.QtGui import (
        QHelpEvent,
        QKeyEvent,
        QMouseEvent,
        QPaintEvent,
        QResizeEvent,
        QWheelEvent,
    )

    from widgets.timeline.values import GapMark, Lane, Mark

SLIM_HEIGHT = 74
LANE_HEIGHT = 34
LEAST_LANE_HEIGHT = 20
GRIP_PX = 7
CLICK_PX = 4
HIT_PX = 4


class _Drag(enum.Enum):
    PRESSED = enum.auto()
    """Not yet known whether it is a click."""
    PAN = enum.auto()
    PLAYHEAD = enum.auto()


class TimelineWidget(QWidget):
    """Lanes of footage over time.

    The wheel zooms about the pointer (with Shift it moves), dragging moves the time, dragging the playhead or
    anywhere in the row of times scrubs, a click chooses an event or a moment. The slim variant is one lane
    without names, where every drag scrubs.
    """

    span_changed = Signal(object)
    """``TimeSpan`` after zooming or moving by hand."""
    playhead_dragged = Signal(object)
    moment_chosen = Signal(object)
    mark_chosen = Signal(object)
    """Id of the mark that was clicked."""
    hovered = Signal(object)
    """Moment under the pointer, None when it leaves."""
    lane_chosen = Signal(str)
    """Key of the lane whose name was clicked."""

    def __init__(self, *, is_slim: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_slim = is_slim
        self._zone: tzinfo | None = None
        self._lanes: tuple[Lane, ...] = ()
        self._now = datetime.now(UTC)
        self._span = TimeSpan(self._now - timedelta(hours=1), self._now)
        self._playhead: datetime | None = None
        self._hover_x: float | None = None
        self._drag: _Drag | None = None
        self._pressed_at = QPointF()
        self._last_x = 0.0
        self._gutter_px = 0
        self._empty_text = ""
        self._scroll = QScrollBar(Qt.Orientation.Vertical, self)
        self._scroll.valueChanged.connect(self.update)
        self._scroll.setAccessibleName(self.tr("Scroll cameras of the timeline"))
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(self.tr("Timeline"))
        vertical = QSizePolicy.Policy.Fixed if is_slim else QSizePolicy.Policy.Expanding
        self.setSizePolicy(QSizePolicy.Policy.Expanding, vertical)
        self._measure()

    # What it shows

    @property
    def span(self) -> TimeSpan:
        """What is visible."""
        return self._span

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The rows."""
        return self._lanes

    @property
    def scale(self) -> Scale:
        """Time against the pixels of this widget."""
        return Scale(self._span, self._gutter_px, self._right() - self._gutter_px)

    @property
    def playhead(self) -> datetime | None:
        """Where playback is."""
        return self._playhead

    def set_zone(self, zone: tzinfo | None) -> None:
        """Show times in this zone; None is this computer's."""
        self._zone = zone
        self.update()

    def set_span(self, span: TimeSpan) -> None:
        """Make this visible; emits nothing."""
        if span != self._span:
            self._span = span
            self.update()

    def set_lanes(self, lanes: Sequence[Lane]) -> None:
        """Replace the rows."""
        if tuple(lanes) != self._lanes:
            self._lanes = tuple(lanes)
            self._measure()

    def set_playhead(self, moment: datetime | None) -> None:
        """Put the playhead there, or hide it."""
        if moment != self._playhead:
            self._playhead = moment
            self.update()

    def set_now(self, moment: datetime) -> None:
        """Where the live edge is."""
        moved = abs(self.scale.x_of(moment) - self.scale.x_of(self._now)) >= 0.5
        self._now = moment
        if moved:
            self.update()

    def set_empty_text(self, text: str) -> None:
        """What to say where there is no lane."""
        self._empty_text = text
        self.update()

    # Where things lie

    def x_of(self, moment: datetime) -> float:
        """Pixel of a moment."""
        return self.scale.x_of(moment)

    def lane_area(self, number: int) -> QRectF:
        """Rectangle of a lane without its name."""
        high = self._lane_height()
        top = self._header_px() + number * high - self._scroll.value()
        return QRectF(self._gutter_px, top + 2, self._right() - self._gutter_px, high - 6)

    def mark_at(self, point: QPointF) -> Mark | None:
        """The heaviest mark under a point."""
        lane = self._lane_at(point)
        if lane is None:
            return None
        scale = self.scale
        near = [mark for mark in lane.marks if _is_hit(scale, mark, point.x())]
        return max(near, key=lambda mark: (mark.weight, mark.start), default=None)

    def gap_at(self, point: QPointF) -> GapMark | None:
        """The gap under a point."""
        lane = self._lane_at(point)
        moment = self.scale.time_at(point.x())
        for gap in lane.gaps if lane is not None else ():
            if gap.start <= moment < (gap.end or self._now):
                return gap
        return None

    def sizeHint(self) -> QSize:
        """All lanes at their best height."""
        if self._is_slim:
            return QSize(600, max(SLIM_HEIGHT, line_height(0.89) + 44))
        return QSize(600, self._header_px() + max(1, len(self._lanes)) * LANE_HEIGHT + 4)

    def minimumSizeHint(self) -> QSize:
        """Two lanes."""
        if self._is_slim:
            return QSize(240, self.sizeHint().height())
        return QSize(
            320, self._header_px() + min(2, max(1, len(self._lanes))) * LEAST_LANE_HEIGHT + 4
        )

    # What the operator does

    def zoom(self, factor: float, at_x: float | None = None) -> None:
        """Zoom about a pixel; without one about the playhead if it is visible, else the middle."""
        if at_x is None:
            visible = self._playhead is not None and self._span.contains(self._playhead)
            at_x = (
                self.x_of(self._playhead)
                if visible and self._playhead is not None
                else (self._gutter_px + self._right()) / 2
            )
        self._change_span(self.scale.zoomed(factor, at_x))

    def pan(self, share: float) -> None:
        """Move by that share of what is visible; positive is later."""
        self._change_span(self._span.moved(self._span.duration * share))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom; sideways or with Shift, move; with Control, scroll the lanes."""
        turn = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._scroll.setValue(self._scroll.value() - turn.y() // 4)
        elif turn.x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan(-(turn.x() or turn.y()) / 1200)
        else:
            self.zoom(1.25 ** (turn.y() / 120), event.position().x())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the playhead or of the time."""
        if event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self._pressed_at = event.position()
        self._last_x = event.position().x()
        self._drag = _Drag.PLAYHEAD if self._grips_playhead(event.position()) else _Drag.PRESSED

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Scrub, move, or show what is under the pointer."""
        x = event.position().x()
        self._hover_x = x if x >= self._gutter_px else None
        if self._drag is _Drag.PRESSED and abs(x - self._pressed_at.x()) > CLICK_PX:
            self._drag = _Drag.PLAYHEAD if self._is_slim else _Drag.PAN
        if self._drag is _Drag.PLAYHEAD:
            self._scrub(x)
        elif self._drag is _Drag.PAN:
            self._change_span(self.scale.panned(x - self._last_x))
            self._last_x = x
        else:
            self._show_pointer(event.position())
        self.hovered.emit(None if self._hover_x is None else self.scale.time_at(x))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A press without a move is a click."""
        drag, self._drag = self._drag, None
        if event.button() is not Qt.MouseButton.LeftButton or drag is None:
            return
        self._show_pointer(event.position())
        if drag is _Drag.PAN:
            return
        if drag is _Drag.PLAYHEAD and event.position() != self._pressed_at:
            return
        self._click(event.position())

    def leaveEvent(self, _event: QEvent) -> None:
        """Nothing is pointed at."""
        self._hover_x = None
        self.hovered.emit(None)
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and right move, plus and minus zoom, End goes to now."""
        key = event.key()
        if key == Qt.Key.Key_Left:
            self.pan(-0.1)
        elif key == Qt.Key.Key_Right:
            self.pan(0.1)
        elif key in {Qt.Key.Key_Plus, Qt.Key.Key_Equal}:
            self.zoom(1.5)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / 1.5)
        elif key == Qt.Key.Key_End:
            duration = self._span.duration
            self._change_span(TimeSpan(self._now - duration * 0.9, self._now + duration * 0.1))
        elif key == Qt.Key.Key_Home:
            self._go_to_first()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Tool tips say the time in the operator's zone and in UTC, and why footage is missing."""
        if event.type() == QEvent.Type.ToolTip:
            self._show_tip(event)  # type: ignore[arg-type]  # Qt sends a QHelpEvent with this type
            return True
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._measure()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out the scroll bar."""
        super().resizeEvent(event)
        self._measure()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Everything."""
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("panel"))
        if not self._lanes and self._empty_text:
            painter.setPen(theme.colour("text_3"))
            painter.setFont(font())
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._empty_text)
            return
        scale, bottom = self.scale, self.height() - 3.0
        header = QRectF(self._gutter_px, 0, self._right() - self._gutter_px, self._header_px())
        paint_ticks(painter, scale, theme, self._zone, header, bottom)
        self._paint_lanes(painter)
        self._paint_edge(painter, bottom)
        painter.setClipRect(QRectF(self._gutter_px - 6, 0, self.width(), self.height()))
        taken = None
        if self._playhead is not None and self._span.contains(self._playhead):
            text = self._clock(self._playhead)
            taken = paint_playhead(painter, theme, scale.x_of(self._playhead), 0, bottom, text)
        if self._hover_x is not None and self._drag is not _Drag.PLAYHEAD:
            painter.setPen(QPen(theme.colour("text_3"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(
                QPointF(self._hover_x, header.bottom()), QPointF(self._hover_x, bottom)
            )
            text = self._clock(scale.time_at(self._hover_x))
            paint_bubble(painter, theme, self._hover_x, 0, text, taken=taken)
        if self.hasFocus():
            painter.setClipping(False)
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_lanes(self, painter: QPainter) -> None:
        theme, scale = current_theme(), self.scale
        painter.save()
        painter.setClipRect(QRectF(0, self._header_px(), self.width(), self.height()))
        for number, lane in self._visible_lanes():
            area = self.lane_area(number)
            paint_lane(painter, scale, theme, lane, area, self._now)
            if self._is_slim:
                continue
            painter.setPen(theme.colour("text"))
            painter.setFont(font())
            metrics = painter.fontMetrics()
            wide = self._gutter_px - 22
            name = metrics.elidedText(lane.name, Qt.TextElideMode.ElideRight, wide)
            place = QRectF(12, area.top(), wide, area.height() + 2)
            painter.drawText(
                place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name
            )
        painter.restore()

    def _paint_edge(self, painter: QPainter, bottom: float) -> None:
        x = self.scale.x_of(self._now)
        if not self._gutter_px <= x <= self._right():
            return
        theme = current_theme()
        future = theme.colour("background")
        future.setAlpha(150)
        painter.fillRect(QRectF(x, self._header_px(), self._right() - x, bottom), future)
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawLine(QPointF(x, 2), QPointF(x, bottom))

    def _visible_lanes(self) -> Iterator[tuple[int, Lane]]:
        for number, lane in enumerate(self._lanes):
            area = self.lane_area(number)
            if area.bottom() > self._header_px() and area.top() < self.height():
                yield number, lane

    def _measure(self) -> None:
        metrics = self.fontMetrics()
        names = [metrics.horizontalAdvance(lane.name) for lane in self._lanes]
        widest = max(120, self.width() // 6)
        self._gutter_px = 12 if self._is_slim else min(max([90, *names]) + 30, widest + 30)
        content = len(self._lanes) * self._lane_height()
        visible = self.height() - self._header_px()
        overflow = 0 if self._is_slim else max(0, content - visible)
        self._scroll.setVisible(overflow > 0)
        self._scroll.setRange(0, overflow)
        self._scroll.setPageStep(max(1, visible))
        wide = self._scroll.sizeHint().width()
        self._scroll.setGeometry(self.width() - wide, self._header_px(), wide, max(0, visible))
        self.updateGeometry()
        self.update()

    def _header_px(self) -> int:
        return line_height(0.89) + 5

    def _lane_height(self) -> int:
        room = self.height() - self._header_px() - 2
        if self._is_slim:
            return room
        fair = room // max(1, len(self._lanes))
        return min(max(fair, LEAST_LANE_HEIGHT), LANE_HEIGHT)

    def _right(self) -> int:
        return self.width() - (self._scroll.width() if self._scroll.isVisible() else 12)

    def _lane_at(self, point: QPointF) -> Lane | None:
        if point.y() < self._header_px():
            return None
        number = int(point.y() - self._header_px() + self._scroll.value()) // self._lane_height()
        return self._lanes[number] if 0 <= number < len(self._lanes) else None

    def _grips_playhead(self, point: QPointF) -> bool:
        if point.x() < self._gutter_px:
            return False
        if point.y() < self._header_px():
            return True
        return self._playhead is not None and abs(self.x_of(self._playhead) - point.x()) <= GRIP_PX

    def _show_pointer(self, point: QPointF) -> None:
        if self.mark_at(point) is not None or point.x() < self._gutter_px:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        elif self._grips_playhead(point) or self._is_slim:
            self.setCursor(Qt.CursorShape.SizeHorCursor)
        else:
            self.setCursor(Qt.CursorShape.ArrowCursor)

    def _scrub(self, x: float) -> None:
        scale = self.scale
        inside = min(max(x, scale.left), scale.left + scale.width)
        moment = min(scale.time_at(inside), self._now)
        self.set_playhead(moment)
        self.playhead_dragged.emit(moment)

    def _click(self, point: QPointF) -> None:
        if point.x() < self._gutter_px and not self._is_slim:
            lane = self._lane_at(point)
            if lane is not None:
                self.lane_chosen.emit(lane.key)
            return
        mark = self.mark_at(point)
        if mark is not None and mark.id is not None:
            self.mark_chosen.emit(mark.id)
            return
        self.moment_chosen.emit(min(self.scale.time_at(point.x()), self._now))

    def _change_span(self, span: TimeSpan) -> None:
        if span != self._span:
            self.set_span(span)
            self.span_changed.emit(span)

    def _go_to_first(self) -> None:
        starts = [run[0] for lane in self._lanes for run in lane.runs]
        if starts:
            self._change_span(TimeSpan(min(starts), min(starts) + self._span.duration))

    def _clock(self, moment: datetime) -> str:
        local = moment.astimezone(self._zone)
        if self._span.duration < timedelta(seconds=90):
            return f"{local:%H:%M:%S}.{local.microsecond // 1000:03d}"
        return f"{local:%H:%M:%S}"

    def _show_tip(self, event: QHelpEvent) -> None:
        point = QPointF(event.pos())
        if point.x() < self._gutter_px:
            lane = self._lane_at(point)
            text = lane.name if lane is not None and not self._is_slim else ""
        else:
            text = self.tip_at(point)
        QToolTip.showText(event.globalPos(), text, self)

    def tip_at(self, point: QPointF) -> str:
        """What the tool tip says there: what happened or is missing, then the time in both zones."""
        moment = self.scale.time_at(point.x())
        local = moment.astimezone(self._zone)
        lines = []
        mark, gap = self.mark_at(point), self.gap_at(point)
        if mark is not None and mark.text:
            lines.append(mark.text)
        if gap is not None:
            lines.append(self.tr("No footage: {cause}").format(cause=gap.text))
        lines.append(f"{local:%a %d %b %Y %H:%M:%S} {local.tzname() or ''}".rstrip())
        lines.append(f"{moment.astimezone(UTC):%H:%M:%S} UTC")
        return "\n".join(lines)


def _is_hit(scale: Scale, mark: Mark, x: float) -> bool:
    left = scale.x_of(mark.start)
    right = max(scale.x_of(mark.end or mark.start), left + LEAST_MARK_PX)
    return left - HIT_PX <= x <= right + HIT_PX
