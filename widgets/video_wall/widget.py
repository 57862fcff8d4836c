"""The wall: one opaque surface on which all tiles are painted.

One widget instead of one per tile, and pictures that already have the size of their tile, because that is
what costs least: a picture is copied to the surface unscaled, and only the tiles that changed are painted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QDrag, QFont, QPainter, QRegion
from PySide6.QtWidgets import QApplication, QWidget

from widgets.theme import DARK
from widgets.video_wall.grid import (
    LAYOUTS,
    SEAM_PX,
    Rect,
    drop_tile,
    neighbour,
    tile_at,
    tile_rects,
)
from widgets.video_wall.paint import CaptionCache, TileLook, TilePicture, paint_tile
from widgets.video_wall.state import TileMode, TileState
from widgets.video_wall.zoom import WHOLE, Viewport

if TYPE_CHECKING:
    from PySide6.QtGui import (
        QContextMenuEvent,
        QDragEnterEvent,
        QDragLeaveEvent,
        QDragMoveEvent,
        QDropEvent,
        QFocusEvent,
        QHideEvent,
        QImage,
        QKeyEvent,
        QMouseEvent,
        QPaintEvent,
        QResizeEvent,
        QWheelEvent,
    )

    from widgets.theme import Theme

CAMERA_MIME = "application/x-gatehouse-camera"
"""Cameras in a drag: one key per line."""
_TILE_MIME = "application/x-gatehouse-tile"
_PULSES = 4
_PULSE_MS = 250
_ZOOM_STEP = 1.25
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class VideoWall(QWidget):
    """Shows tiles; takes values and pictures, emits what the operator does."""

    tile_selected = Signal(int)
    enlarged_changed = Signal()
    cameras_dropped = Signal(int, list)
    """Tile, and the lines of the camera drag."""
    tiles_swapped = Signal(int, int)
    context_menu_requested = Signal(int, QPoint)
    """Tile, global position."""
    action_triggered = Signal(int)
    """The button in a tile's message was pressed."""
    geometry_changed = Signal()
    """Tiles have other sizes, are shown or hidden, or another part of their picture is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMinimumSize(160, 90)
        self.setAccessibleName(self.tr("Video wall"))
        self._theme: Theme = DARK
        self._layout = LAYOUTS["4"]
        self._states = [TileState()] * self._layout.tiles
        self._pictures: dict[int, TilePicture] = {}
        self._viewports: dict[int, Viewport] = {}
        self._buttons: dict[int, QRectF] = {}
        self._captions = CaptionCache()
        self._selected = 0
        self._enlarged: int | None = None
        self._drop_target: int | None = None
        self._pressed_at: QPointF | None = None
        self._press_panned = False
        self._moves_selection = True
        self._empty_text = self.tr("Drag a camera here")
        self._rects: dict[int, Rect] = {}
        self._ratio = 1.0
        self._pulse = QTimer(self, interval=_PULSE_MS)
        self._pulse.timeout.connect(self._on_pulse)
        self._pulses_left = 0
        self._describe()

    # -- what is shown -------------------------------------------------------------------------------

    def set_theme(self, theme: Theme) -> None:
        """Use the colours of this look."""
        self._theme = theme
        self.update()

    def set_layout(self, name: str) -> None:
        """Show the tiles of this layout; states of tiles that stay are kept.

        Raises:
            KeyError: there is no such layout.
        """
        self._layout = LAYOUTS[name]
        count = self._layout.tiles
        self._states = (self._states + [TileState()] * count)[:count]
        self._pictures = {tile: held for tile, held in self._pictures.items() if tile < count}
        self._viewports = {tile: part for tile, part in self._viewports.items() if tile < count}
        self._enlarged = None
        if self._selected >= count:
            self.select(0)
        self._arrange()

    def layout_name(self) -> str:
        """Name of the layout."""
        return self._layout.name

    def tile_count(self) -> int:
        """How many tiles the layout has."""
        return self._layout.tiles

    def state(self, tile: int) -> TileState:
        """What the tile says."""
        return self._states[tile]

    def set_state(self, tile: int, state: TileState) -> None:
        """Let the tile say this."""
        old = self._states[tile]
        if state == old:
            return
        self._states[tile] = state
        if state.mode.greys_picture and tile in self._pictures:
            self._pictures[tile] = self._pictures[tile].greyed()
        if state.is_alarm and not old.is_alarm and self.isVisible():
            self._start_pulse()
        if tile == self._selected and (state.name, state.text) != (old.name, old.text):
            self._describe()
        self._update_tile(tile)

    def set_picture(self, tile: int, image: QImage, memory: object = None) -> None:
        """Show a picture; ``memory`` is kept as long as it is shown, if the image does not own its pixels."""
        if tile >= self.tile_count():
            return
        picture = TilePicture(image, memory)
        self._pictures[tile] = (
            picture.greyed() if self._states[tile].mode.greys_picture else picture
        )
        self._update_tile(tile)

    def clear_picture(self, tile: int) -> None:
        """Show no picture."""
        if self._pictures.pop(tile, None) is not None:
            self._update_tile(tile)

    def picture(self, tile: int) -> QImage | None:
        """The picture as it is shown, copied."""
        held = self._pictures.get(tile)
        return None if held is None else held.image.copy()

    def set_empty_text(self, text: str) -> None:
        """What an empty tile says."""
        self._empty_text = text
        self.update()

    def picture_box(self, tile: int) -> tuple[int, int]:
        """Size of the tile in device pixels; zeros if it is not shown."""
        rect = self._rects.get(tile)
        return (0, 0) if rect is None else (rect.width, rect.height)

    def viewport(self, tile: int) -> Viewport:
        """Which part of the picture is shown."""
        return self._viewports.get(tile, WHOLE)

    def tile_rect(self, tile: int) -> QRectF:
        """Where the tile lies, in logical pixels; empty if it is not shown."""
        rect = self._rects.get(tile)
        if rect is None:
            return QRectF()
        ratio = self._ratio
        return QRectF(rect.x / ratio, rect.y / ratio, rect.width / ratio, rect.height / ratio)

    # -- selection, enlarging, zoom ------------------------------------------------------------------

    def selected(self) -> int:
        """The selected tile."""
        return self._selected

    def select(self, tile: int) -> None:
        """Select a tile."""
        if not 0 <= tile < self.tile_count() or tile == self._selected:
            return
        old, self._selected = self._selected, tile
        self._update_tile(old)
        self._update_tile(tile)
        self._describe()
        self.tile_selected.emit(tile)

    def enlarged(self) -> int | None:
        """The tile that fills the wall, if one does."""
        return self._enlarged

    def enlarge(self, tile: int | None) -> None:
        """Let one tile fill the wall, unless it is empty; None shows all again."""
        if tile == self._enlarged or (tile is not None and not self._can_fill(tile)):
            return
        self._enlarged = tile
        if tile is not None:
            self.select(tile)
        self._arrange()
        self.enlarged_changed.emit()

    def _can_fill(self, tile: int) -> bool:
        return 0 <= tile < self.tile_count() and self.state(tile).mode is not TileMode.EMPTY

    def set_arrows_move_selection(self, moves: bool) -> None:
        """Whether arrow keys move the selection; they do not while they steer a camera."""
        self._moves_selection = moves

    def reset_zoom(self, tile: int) -> None:
        """Show the whole picture."""
        if self._viewports.pop(tile, None) is not None:
            self._update_tile(tile)
            self.geometry_changed.emit()

    def zoom(self, tile: int, factor: float, at: QPointF | None = None) -> None:
        """Zoom into a tile's picture around a point of the widget, or its middle."""
        rect = self.tile_rect(tile)
        point = rect.center() if at is None else at
        view = self.viewport(tile).zoomed(
            factor,
            (point.x() - rect.x()) / max(1.0, rect.width()),
            (point.y() - rect.y()) / max(1.0, rect.height()),
        )
        self._set_viewport(tile, view)

    # -- painting ------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tiles that changed."""
        if self._ratio != self.devicePixelRatioF():
            self._arrange()
        with QPainter(self) as painter:
            self._paint_seams(painter, event.region())
            for tile in self._rects:
                area = self.tile_rect(tile)
                if event.region().intersects(area.toAlignedRect()):
                    self._paint(painter, tile, area)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the tiles anew."""
        super().resizeEvent(event)
        self._arrange()

    def hideEvent(self, event: QHideEvent) -> None:
        """An alarm that nobody sees does not pulse."""
        super().hideEvent(event)
        self._pulses_left = 0
        self._pulse.stop()

    # -- mouse, keys, drag and drop ------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select, and remember where a drag may begin."""
        tile = self._tile_at(event.position())
        self._pressed_at = None
        if tile is None:
            return
        self.select(tile)
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        if self._buttons.get(tile, QRectF()).contains(event.position()):
            self.action_triggered.emit(tile)
            return
        self._pressed_at = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the camera of a tile elsewhere, or the visible part of a zoomed picture."""
        if self._pressed_at is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        if not self.viewport(self._selected).is_whole:
            self._pan(event.position() - self._pressed_at)
            self._pressed_at = event.position()
            return
        moved = (event.position() - self._pressed_at).manhattanLength()
        if moved >= QApplication.startDragDistance() and self._states[self._selected].name:
            self._pressed_at = None
            self._start_drag(self._selected)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Large, and back."""
        tile = self._tile_at(event.position())
        if tile is not None and event.button() is Qt.MouseButton.LeftButton:
            self._pressed_at = None
            self.enlarge(None if self._enlarged is not None else tile)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom into the picture."""
        tile = self._tile_at(event.position())
        steps = event.angleDelta().y() / 120
        if tile is None or not steps or tile not in self._pictures:
            event.ignore()
            return
        self.zoom(tile, _ZOOM_STEP**steps, event.position())
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of a tile; from the keyboard, of the selected one."""
        is_mouse = event.reason() is event.Reason.Mouse
        tile = self._tile_at(QPointF(event.pos())) if is_mouse else self._selected
        if tile is None:
            return
        centre = self.mapToGlobal(self.tile_rect(tile).center().toPoint())
        self.context_menu_requested.emit(tile, event.globalPos() if is_mouse else centre)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the selection, Enter enlarges, Escape goes back one level."""
        key = Qt.Key(event.key())
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if plain and key in _ARROWS and self._moves_selection and self._enlarged is None:
            self.select(neighbour(self._layout, self._selected, *_ARROWS[key]))
        elif plain and key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.enlarge(None if self._enlarged is not None else self._selected)
        elif plain and key == Qt.Key.Key_Escape and not self.viewport(self._selected).is_whole:
            self.reset_zoom(self._selected)
        elif plain and key == Qt.Key.Key_Escape and self._enlarged is not None:
            self.enlarge(None)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is."""
        super().focusInEvent(event)
        self._update_tile(self._selected)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show that the keyboard is elsewhere."""
        super().focusOutEvent(event)
        self._update_tile(self._selected)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept cameras and own tiles."""
        if _is_ours(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Mark the tile that would be hit."""
        if _is_ours(event.mimeData()):
            self._set_drop_target(self._drop_tile(event.position()))
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Unmark."""
        self._set_drop_target(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Cameras are put here; a tile of our own changes places."""
        tile = self._drop_tile(event.position())
        self._set_drop_target(None)
        data = event.mimeData()
        if tile is None or not _is_ours(data):
            return
        event.acceptProposedAction()
        if data.hasFormat(_TILE_MIME):
            source = int(_text_of(data, _TILE_MIME))
            if source != tile:
                self.tiles_swapped.emit(source, tile)
            return
        keys = [line for line in _text_of(data, CAMERA_MIME).splitlines() if line]
        self.cameras_dropped.emit(tile, keys)

    # -- inside --------------------------------------------------------------------------------------

    def _paint(self, painter: QPainter, tile: int, area: QRectF) -> None:
        look = TileLook(
            number=tile,
            font=self._tile_font(area),
            theme=self._theme,
            is_selected=tile == self._selected and self._enlarged is None,
            has_focus=self.hasFocus(),
            is_drop_target=tile == self._drop_target,
            is_alarm_bright=self._pulses_left % 2 == 0,
            viewport=self.viewport(tile),
            empty_text=self._empty_text,
        )
        picture = self._pictures.get(tile)
        button = paint_tile(painter, area, self._states[tile], picture, look, self._captions)
        if button is None:
            self._buttons.pop(tile, None)
        else:
            self._buttons[tile] = button

    def _paint_seams(self, painter: QPainter, dirty: QRegion) -> None:
        for tile in self._rects:
            dirty = dirty.subtracted(QRegion(self.tile_rect(tile).toRect()))
        if not dirty.isEmpty():
            painter.setClipRegion(dirty)
            painter.fillRect(self.rect(), Qt.GlobalColor.black)

    def _tile_font(self, area: QRectF) -> QFont:
        font = QFont(self.font())
        if area.width() > 900 and font.pointSizeF() > 0:
            font.setPointSizeF(font.pointSizeF() * 1.15)
        return font

    def _arrange(self) -> None:
        self._ratio = self.devicePixelRatioF()
        wide, high = round(self.width() * self._ratio), round(self.height() * self._ratio)
        if self._enlarged is not None:
            self._rects = {self._enlarged: Rect(0, 0, wide, high)}
        else:
            seam = round(SEAM_PX * self._ratio)
            rects = tile_rects(self._layout, wide, high, seam=seam)
            self._rects = dict(enumerate(rects))
        self._buttons = {}
        self.update()
        self.geometry_changed.emit()

    def _update_tile(self, tile: int) -> None:
        if tile in self._rects:
            self.update(self.tile_rect(tile).toAlignedRect())

    def _tile_at(self, point: QPointF) -> int | None:
        tiles = tuple(self._rects)
        found = tile_at(
            tuple(self._rects.values()), point.x() * self._ratio, point.y() * self._ratio
        )
        return None if found is None else tiles[found]

    def _drop_tile(self, point: QPointF) -> int | None:
        tiles = tuple(self._rects)
        found = drop_tile(
            tuple(self._rects.values()), point.x() * self._ratio, point.y() * self._ratio
        )
        return None if found is None else tiles[found]

    def _set_drop_target(self, tile: int | None) -> None:
        for changed in {self._drop_target, tile} - {None}:
            if changed is not None:
                self._update_tile(changed)
        self._drop_target = tile

    def _start_drag(self, tile: int) -> None:
        data = QMimeData()
        data.setData(_TILE_MIME, str(tile).encode())
        drag = QDrag(self)
        drag.setMimeData(data)
        area = self.tile_rect(tile).toAlignedRect()
        drag.setPixmap(self.grab(QRect(area)).scaledToWidth(min(200, area.width())))
        drag.exec(Qt.DropAction.MoveAction)

    def _pan(self, by: QPointF) -> None:
        rect = self.tile_rect(self._selected)
        view = self.viewport(self._selected)
        self._set_viewport(
            self._selected, view.moved(-by.x() / rect.width(), -by.y() / rect.height())
        )

    def _set_viewport(self, tile: int, view: Viewport) -> None:
        if view == self.viewport(tile):
            return
        self._viewports[tile] = view
        if view.is_whole:
            del self._viewports[tile]
        self._update_tile(tile)
        self.geometry_changed.emit()

    def _start_pulse(self) -> None:
        self._pulses_left = _PULSES
        self._pulse.start()

    def _on_pulse(self) -> None:
        self._pulses_left -= 1
        if self._pulses_left <= 0:
            self._pulses_left = 0
            self._pulse.stop()
        for tile, state in enumerate(self._states):
            if state.is_alarm:
                self._update_tile(tile)

    def _describe(self) -> None:
        state = self._states[self._selected]
        said = ", ".join(part for part in (state.name or self.tr("empty"), state.text) if part)
        place = self.tr("tile {number} of {count}").format(
            number=self._selected + 1, count=self.tile_count()
        )
        self.setAccessibleDescription(f"{said}, {place}")


def _is_ours(data: QMimeData) -> bool:
    return data.hasFormat(CAMERA_MIME) or data.hasFormat(_TILE_MIME)


def _text_of(data: QMimeData, mime: str) -> str:
    return bytes(data.data(mime).data()).decode("utf-8", "replace")
