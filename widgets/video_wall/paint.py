"""How one tile is painted. Everything lies on top of pictures, so its colours are those of the dark look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QLinearGradient, QPainter, QPen

from widgets.theme import DARK
from widgets.video_wall.glyphs import draw_glyph, state_colour
from widgets.video_wall.grid import Rect, fit
from widgets.video_wall.state import TileMode, TileState
from widgets.video_wall.zoom import WHOLE, Viewport

if TYPE_CHECKING:
    from widgets.theme import Theme

_PAD = 6.0
_SMALL_TILE_PX = 170
_TINY_TILE_PX = 90
_DETAIL_LINES = 3
_SHADE = QColor(0, 0, 0, 170)
_MESSAGE_SHADE = QColor(8, 10, 14, 150)


@dataclass(frozen=True, slots=True)
class TileLook:
    """What besides its state decides how a tile is painted."""

    number: int
    font: QFont
    theme: Theme = DARK
    is_selected: bool = False
    has_focus: bool = False
    is_drop_target: bool = False
    is_alarm_bright: bool = True
    viewport: Viewport = WHOLE
    empty_text: str = ""


@dataclass(frozen=True, slots=True)
class TilePicture:
    """The picture of a tile with the memory behind it, and the grey copy once it is needed."""

    image: QImage
    memory: object
    grey: QImage | None = None

    def greyed(self) -> TilePicture:
        """The same with a grey copy."""
        if self.grey is not None:
            return self
        grey = self.image.convertToFormat(QImage.Format.Format_Grayscale8)
        return replace(self, grey=grey)


class CaptionCache:
    """Captions already painted: they change once a second, the picture below them fifteen times."""

    def __init__(self) -> None:
        self._strips: dict[int, tuple[tuple[object, ...], QImage]] = {}

    def strip(self, area: QRectF, state: TileState, look: TileLook, ratio: float) -> QImage:
        """The caption of a tile on a transparent ground, with the shade behind it."""
        key = (
            state.name,
            state.mode,
            state.text,
            state.stream,
            state.clock,
            area.width(),
            area.height(),
            ratio,
            look.font.key(),
        )
        kept = self._strips.get(look.number)
        if kept is None or kept[0] != key:
            kept = key, _painted_strip(area, state, look, ratio)
            self._strips[look.number] = kept
        return kept[1]


def paint_tile(
    painter: QPainter,
    area: QRectF,
    state: TileState,
    picture: TilePicture | None,
    look: TileLook,
    captions: CaptionCache,
) -> QRectF | None:
    """Paint one tile into ``area`` (logical pixels); returns where its button is, if it has one."""
    painter.setClipRect(area)
    shown = picture is not None and not state.mode.hides_picture
    if picture is None or not shown:
        painter.fillRect(area, Qt.GlobalColor.black)
    else:
        place = _paint_picture(painter, area, picture, is_grey=state.mode.greys_picture)
        if not state.mode.greys_picture:
            _paint_boxes(painter, area, place, state, look)
    button = None
    if state.mode.has_message and not (state.mode is TileMode.CONNECTING and shown):
        button = _paint_message(painter, area, state, look, has_picture=shown)
    elif state.mode.has_chip:
        _paint_chip(painter, area, state, look)
    if state.statistics:
        _paint_statistics(painter, area, state, look)
    if state.mode is not TileMode.EMPTY:
        ratio = painter.device().devicePixelRatioF()
        painter.drawImage(area.topLeft(), captions.strip(area, state, look, ratio))
    if not look.viewport.is_whole:
        _paint_zoom(painter, area, look.viewport)
    _paint_border(painter, area, state, look)
    painter.setClipping(False)
    return button


def _font(look: TileLook, area: QRectF, *, bold: bool = False, scale: float = 1.0) -> QFont:
    font = QFont(look.font)
    font.setBold(bold)
    smaller = 0.85 if area.width() < _SMALL_TILE_PX else 1.0
    if font.pointSizeF() > 0:
        font.setPointSizeF(max(6.0, font.pointSizeF() * scale * smaller))
    else:
        font.setPixelSize(max(8, round(font.pixelSize() * scale * smaller)))
    return font


def _paint_picture(
    painter: QPainter, area: QRectF, picture: TilePicture, *, is_grey: bool
) -> QRectF:
    image = picture.image
    ratio = painter.device().devicePixelRatioF()
    into = Rect(0, 0, round(area.width() * ratio), round(area.height() * ratio))
    fitted = Rect(
        (into.width - image.width()) // 2,
        (into.height - image.height()) // 2,
        image.width(),
        image.height(),
    )
    fills = into.width == image.width() or into.height == image.height()
    if not fills or fitted.x < 0 or fitted.y < 0:  # of an old size, until the next one comes
        fitted = fit(image.width(), image.height(), into)
    place = QRectF(
        area.x() + fitted.x / ratio,
        area.y() + fitted.y / ratio,
        fitted.width / ratio,
        fitted.height / ratio,
    )
    if is_grey or place != area:
        painter.fillRect(area, Qt.GlobalColor.black)
    if is_grey:
        painter.setOpacity(0.5)
        painter.drawImage(place, picture.grey if picture.grey is not None else image)
        painter.setOpacity(1.0)
    elif (fitted.width, fitted.height) == (image.width(), image.height()):
        image.setDevicePixelRatio(ratio)
        painter.drawImage(place.topLeft(), image)
    else:
        painter.drawImage(place, image)
    return place


def _paint_boxes(
    painter: QPainter, area: QRectF, place: QRectF, state: TileState, look: TileLook
) -> None:
    if not state.boxes:
        return
    colour = QColor(look.theme.box if look.theme.is_dark else DARK.box)
    painter.setFont(_font(look, area, scale=0.85))
    metrics = QFontMetricsF(painter.font())
    caption = area.y() + metrics.height() + 2 * _PAD
    label_room = place.intersected(QRectF(area.x(), caption, area.width(), area.height()))
    for box in state.boxes:
        left, top = look.viewport.to_tile(box.x, box.y)
        right, bottom = look.viewport.to_tile(box.x + box.width, box.y + box.height)
        frame = QRectF(
            QPointF(place.x() + left * place.width(), place.y() + top * place.height()),
            QPointF(place.x() + right * place.width(), place.y() + bottom * place.height()),
        )
        if not frame.intersects(place):
            continue
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
        painter.drawRect(frame)
        if box.label and area.width() >= _TINY_TILE_PX:
            at = label_rect(frame, label_room, metrics, box.label)
            _paint_label(painter, at, box.label)


def label_rect(frame: QRectF, place: QRectF, metrics: QFontMetricsF, label: str) -> QRectF:
    """Where a box's label goes: above it, or inside where there is no room; never out of the picture."""
    width = min(metrics.horizontalAdvance(label) + 8, place.width())
    height = metrics.height() + 2
    left = min(max(frame.left() - 1, place.left()), place.right() - width)
    above = frame.top() - height
    top = above if above >= place.top() else max(frame.top(), place.top())
    return QRectF(left, min(top, place.bottom() - height), width, height)


def _paint_label(painter: QPainter, at: QRectF, label: str) -> None:
    painter.fillRect(at, QColor(DARK.box))
    painter.setPen(QColor("#1a1503"))
    _text(painter, at.adjusted(4, 0, -4, 0), label, Qt.AlignmentFlag.AlignLeft)


def _painted_strip(area: QRectF, state: TileState, look: TileLook, ratio: float) -> QImage:
    line = QFontMetricsF(_font(look, area, bold=True)).height()
    height = min(line + 2 * _PAD, area.height())
    strip = QImage(
        max(1, round(area.width() * ratio)),
        max(1, round(height * ratio)),
        QImage.Format.Format_ARGB32_Premultiplied,
    )
    strip.setDevicePixelRatio(ratio)
    strip.fill(Qt.GlobalColor.transparent)
    with QPainter(strip) as painter:
        _paint_caption(painter, QRectF(0, 0, area.width(), height), state, look, line)
    return strip


def _paint_caption(
    painter: QPainter, area: QRectF, state: TileState, look: TileLook, line: float
) -> None:
    _shade(painter, area, area.height())
    metrics = QFontMetricsF(_font(look, area, bold=True))
    row = QRectF(area.x() + _PAD, area.y() + _PAD / 2, area.width() - 2 * _PAD, line + 2)
    metrics = QFontMetricsF(_font(look, area, bold=True))
    name_min = min(metrics.horizontalAdvance(state.name), row.width() * 0.4)
    painter.setFont(_font(look, area, scale=0.92))
    used = _paint_state(painter, row, state, look, room=row.width() - name_min - _PAD)
    painter.setFont(_font(look, area, bold=True))
    painter.setPen(QColor("#ffffff"))
    name_row = QRectF(row.x(), row.y(), row.width() - used - _PAD, row.height())
    _text(painter, name_row, state.name, Qt.AlignmentFlag.AlignLeft)


def _paint_state(
    painter: QPainter, row: QRectF, state: TileState, look: TileLook, *, room: float
) -> float:
    """Glyph, state, stream and clock from the right edge; what has no room is left out, least first."""
    metrics = QFontMetricsF(painter.font())
    glyph = metrics.ascent() * 0.72
    colour = state_colour(DARK, state.mode)
    parts = _fitting_parts(metrics, state, room - glyph - 4)
    x = row.right()
    for text, part_colour in reversed(parts):
        width = metrics.horizontalAdvance(text)
        x -= width
        painter.setPen(colour if part_colour is None else part_colour)
        box = QRectF(x, row.y(), width + 1, row.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, text)
        x -= 7
    x = x + 7 - (4 if parts else 0) - glyph
    top = row.center().y() - glyph / 2
    draw_glyph(painter, state.mode, QRectF(x, top, glyph, glyph), colour)
    return row.right() - x


def _fitting_parts(
    metrics: QFontMetricsF, state: TileState, room: float
) -> list[tuple[str, QColor | None]]:
    soft = QColor("#d5dde6")
    wanted: list[tuple[str, QColor | None]] = [(state.text, None)]
    wanted += [(text, soft) for text in (state.stream, state.clock) if text]
    by_worth = [0, 2, 1] if state.mode is TileMode.PLAYBACK and len(wanted) > 2 else [0, 1, 2]
    kept: set[int] = set()
    for index in by_worth[: len(wanted)]:
        width = metrics.horizontalAdvance(wanted[index][0]) + 7
        if width <= room:
            kept.add(index)
            room -= width
    return [part for index, part in enumerate(wanted) if index in kept and part[0]]


def _shade(painter: QPainter, area: QRectF, height: float) -> None:
    gradient = QLinearGradient(area.topLeft(), QPointF(area.x(), area.y() + height))
    gradient.setColorAt(0.0, QColor(0, 0, 0, 205))
    gradient.setColorAt(0.6, QColor(0, 0, 0, 150))
    gradient.setColorAt(1.0, QColor(0, 0, 0, 0))
    painter.fillRect(QRectF(area.x(), area.y(), area.width(), height), gradient)


def _paint_message(
    painter: QPainter, area: QRectF, state: TileState, look: TileLook, *, has_picture: bool
) -> QRectF | None:
    headline = state.headline or (look.empty_text if state.mode is TileMode.EMPTY else "")
    painter.setFont(_font(look, area, scale=1.25 if area.width() > 260 else 1.0))
    metrics = QFontMetricsF(painter.font())
    small = _font(look, area)
    small_metrics = QFontMetricsF(small)
    room = area.adjusted(_PAD, metrics.height() + _PAD, -_PAD, -_PAD)
    detail_lines = wrapped_lines(state.detail, small_metrics, room.width(), most=_DETAIL_LINES)
    detail_lines += [state.hint] if state.hint else []
    line, small_line = metrics.height() + 4, small_metrics.height() + 3
    button_high = small_metrics.height() + 8 if state.action else 0.0
    while detail_lines and line + small_line * len(detail_lines) + button_high > room.height():
        detail_lines.pop()
    if line > room.height():
        return None
    total = line + small_line * len(detail_lines) + (button_high + 6 if button_high else 0)
    top = room.y() + max(0.0, (room.height() - total) / 2)
    if has_picture:
        painter.fillRect(QRectF(area.x(), top - 4, area.width(), total + 8), _MESSAGE_SHADE)
    _paint_headline(painter, QRectF(room.x(), top, room.width(), line), headline, state.mode)
    painter.setFont(small)
    painter.setPen(QColor(DARK.text_2))
    for number, text in enumerate(detail_lines):
        box = QRectF(room.x(), top + line + number * small_line, room.width(), small_line)
        _text(painter, box, text, Qt.AlignmentFlag.AlignHCenter)
    if not state.action or line + button_high > room.height():
        return None
    y = top + line + len(detail_lines) * small_line + 6
    return _paint_button(painter, QRectF(room.x(), y, room.width(), button_high), state.action)


def wrapped_lines(text: str, metrics: QFontMetricsF, width: float, *, most: int) -> list[str]:
    """The text on at most so many lines, broken between words; the last line holds all that is left."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and (metrics.horizontalAdvance(longer) <= width or len(lines) == most):
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _paint_headline(painter: QPainter, row: QRectF, text: str, mode: TileMode) -> None:
    metrics = QFontMetricsF(painter.font())
    glyph = 0.0 if mode in {TileMode.EMPTY, TileMode.CONNECTING} else metrics.ascent() * 0.8
    gap = 6 if glyph else 0
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, row.width() - glyph - gap)
    left = row.center().x() - (metrics.horizontalAdvance(shown) + glyph + gap) / 2
    if glyph:
        at = QRectF(left, row.center().y() - glyph / 2, glyph, glyph)
        draw_glyph(painter, mode, at, state_colour(DARK, mode))
    painter.setPen(QColor(DARK.text_2 if mode is TileMode.EMPTY else DARK.text))
    at_text = QRectF(left + glyph + gap, row.y(), row.right() - left - glyph - gap, row.height())
    painter.drawText(at_text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


def _paint_button(painter: QPainter, row: QRectF, text: str) -> QRectF:
    metrics = QFontMetricsF(painter.font())
    width = min(row.width(), metrics.horizontalAdvance(text) + 20)
    at = QRectF(row.center().x() - width / 2, row.y(), width, row.height())
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor("#4a5666"), 1))
    painter.setBrush(QColor(DARK.raised))
    painter.drawRoundedRect(at.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(QColor(DARK.text))
    _text(painter, at.adjusted(6, 0, -6, 0), text, Qt.AlignmentFlag.AlignHCenter)
    return at


def _paint_chip(painter: QPainter, area: QRectF, state: TileState, look: TileLook) -> None:
    text = " · ".join(part for part in (state.headline, state.detail, state.hint) if part)
    painter.setFont(_font(look, area, scale=0.92))
    metrics = QFontMetricsF(painter.font())
    glyph = metrics.ascent() * 0.72
    height = metrics.height() + 6
    if area.height() < 3 * height:
        return
    width = min(metrics.horizontalAdvance(text) + glyph + 22, area.width() - 2 * _PAD)
    at = QRectF(area.center().x() - width / 2, area.bottom() - height - 8, width, height)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(10, 13, 18, 215))
    painter.drawRoundedRect(at, 4, 4)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    colour = state_colour(DARK, state.mode)
    spot = QRectF(at.x() + 8, at.center().y() - glyph / 2, glyph, glyph)
    draw_glyph(painter, state.mode, spot, colour)
    painter.setPen(colour)
    _text(painter, at.adjusted(glyph + 14, 0, -6, 0), text, Qt.AlignmentFlag.AlignLeft)


def _paint_statistics(painter: QPainter, area: QRectF, state: TileState, look: TileLook) -> None:
    painter.setFont(_font(look, area, scale=0.85))
    metrics = QFontMetricsF(painter.font())
    line = metrics.height()
    room = area.height() - 2 * line - 3 * _PAD
    lines = state.statistics[: max(0, int(room // line))]
    if not lines:
        return
    widest = max(metrics.horizontalAdvance(text) for text in lines)
    width = min(widest + 12, area.width() - 2 * _PAD)
    height = line * len(lines) + 6
    at = QRectF(area.x() + _PAD, area.bottom() - height - _PAD, width, height)
    painter.fillRect(at, _SHADE)
    painter.setPen(QColor(DARK.text))
    for number, text in enumerate(lines):
        row = QRectF(at.x() + 6, at.y() + 3 + number * line, at.width() - 12, line)
        _text(painter, row, text, Qt.AlignmentFlag.AlignLeft)


def _paint_zoom(painter: QPainter, area: QRectF, viewport: Viewport) -> None:
    if area.width() < _SMALL_TILE_PX:
        return
    width = min(90.0, area.width() / 5)
    height = width * 9 / 16
    at = QRectF(area.right() - width - 8, area.bottom() - height - 8, width, height)
    painter.fillRect(at, _SHADE)
    painter.setPen(QPen(QColor(DARK.text_3), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(at)
    painter.setPen(QPen(QColor(DARK.accent), 1.5))
    painter.drawRect(
        QRectF(
            at.x() + viewport.x * width,
            at.y() + viewport.y * height,
            viewport.width * width,
            viewport.height * height,
        )
    )


def _paint_border(painter: QPainter, area: QRectF, state: TileState, look: TileLook) -> None:
    if look.is_drop_target:
        _frame(painter, area, QColor(DARK.accent), 4)
    elif state.is_alarm:
        colour = QColor(DARK.alert)
        colour.setAlphaF(1.0 if look.is_alarm_bright else 0.35)
        _frame(painter, area, colour, 3)
        if look.is_selected:
            _frame(painter, area.adjusted(3, 3, -3, -3), QColor(DARK.accent), 2)
    elif look.is_selected:
        colour = QColor(DARK.accent)
        _frame(painter, area, colour, 2)


def _frame(painter: QPainter, area: QRectF, colour: QColor, width: float) -> None:
    painter.fillRect(QRectF(area.x(), area.y(), area.width(), width), colour)
    painter.fillRect(QRectF(area.x(), area.bottom() - width, area.width(), width), colour)
    middle = area.height() - 2 * width
    painter.fillRect(QRectF(area.x(), area.y() + width, width, middle), colour)
    painter.fillRect(QRectF(area.right() - width, area.y() + width, width, middle), colour)


def _text(painter: QPainter, at: QRectF, text: str, align: Qt.AlignmentFlag) -> None:
    metrics = QFontMetricsF(painter.font())
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, at.width() + 0.5)
    painter.drawText(at, align | Qt.AlignmentFlag.AlignVCenter, shown)
