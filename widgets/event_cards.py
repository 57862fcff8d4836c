"""A list of cards: picture, what happened, where and when, how bad, and one button."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QHelpEvent, QImage, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from widgets.icons import pixmap
from widgets.theme import current_theme, font, line_height, set_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QResizeEvent

AnyIndex = QModelIndex | QPersistentModelIndex
PICTURE = QSize(118, 68)
MARGIN = 9
KEPT_PICTURES = 256
LEAST_SHAPE = 1.2
"""Width over height from which a picture is cut to fill its place."""


@dataclass(frozen=True, slots=True)
class Card:
    """What one card shows. Without ``action`` it has no button."""

    title: str
    subtitle: str
    glyph: str
    state: str
    role: str
    action: str = ""
    action_key: str = ""
    picture: bytes | None = None
    picture_key: Hashable = None
    has_picture: bool = True
    """False where none will ever come; then an icon stands there instead of a grey field."""
    is_new: bool = False
    tip: str = ""


class CardList(QListView):
    """Cards of any item model, read by ``card_of``.

    J and K go down and up, A presses the card's button, Enter emits ``activated`` as every view does.
    """

    opened = Signal(QModelIndex)
    """A card was clicked."""
    acted = Signal(QModelIndex)

    def __init__(
        self, card_of: Callable[[AnyIndex], Card | None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._delegate = CardDelegate(card_of, self)
        self.setItemDelegate(self._delegate)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAccessibleName(self.tr("Events"))
        self.verticalScrollBar().setSingleStep(24)
        self._newer_count = 0
        self._newer = QPushButton(self)
        set_kind(self._newer, "primary")
        self._newer.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._newer.clicked.connect(self.scrollToTop)
        self._newer.hide()
        self.verticalScrollBar().valueChanged.connect(self._forget_newer)

    def sizeHint(self) -> QSize:
        """Four cards."""
        return QSize(300, 4 * self._delegate.height())

    def chosen(self) -> QModelIndex:
        """The highlighted card; Qt also knows a current one that nobody chose."""
        found = self.selectedIndexes()
        return found[0] if found else QModelIndex()

    def release(self) -> None:
        """Choose none, and show the newest."""
        self.clearSelection()
        self.setCurrentIndex(QModelIndex())
        self.scrollToTop()

    def rowsInserted(self, parent: AnyIndex, start: int, end: int) -> None:  # noqa: N802  Qt's name
        """What the operator looks at stays where it is when newer cards arrive above it."""
        bar, high = self.verticalScrollBar(), self._delegate.height()
        before = bar.value()
        is_held = start * high <= before and (before > 0 or bool(self.selectedIndexes()))
        super().rowsInserted(parent, start, end)
        if not is_held:
            return
        self.executeDelayedItemsLayout()
        self._newer_count += end - start + 1
        bar.setValue(before + (end - start + 1) * high)
        self._show_newer()

    def reset(self) -> None:
        """Other cards: nothing is newer than them."""
        super().reset()
        self._newer_count = 0
        self._newer.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The sign for newer cards stays in the middle."""
        super().resizeEvent(event)
        self._show_newer()

    def move_by(self, steps: int) -> QModelIndex:
        """Choose a card further down (or up), which it returns."""
        model = self.model()
        if not model.rowCount():
            return QModelIndex()
        here = self.chosen()
        row = here.row() + steps if here.isValid() else 0
        index = model.index(min(max(row, 0), model.rowCount() - 1), 0)
        self.setCurrentIndex(index)
        self.scrollTo(index)
        return index

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """J, K and A without modifiers are ours."""
        plain = event.modifiers() in {
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        }
        key, here = event.key(), self.chosen()
        if plain and key in {Qt.Key.Key_J, Qt.Key.Key_K}:
            self.move_by(1 if key == Qt.Key.Key_J else -1)
        elif plain and key == Qt.Key.Key_A and here.isValid():
            self.acted.emit(here)
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The button acts, the rest of a card opens it."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if event.button() is not Qt.MouseButton.LeftButton or not index.isValid():
            return
        if self.button_rect(index).contains(event.position().toPoint()):
            self.acted.emit(index)
        else:
            self.opened.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A hand over the button."""
        super().mouseMoveEvent(event)
        point = event.position().toPoint()
        index = self.indexAt(point)
        over = index.isValid() and self.button_rect(index).contains(point)
        pointing = Qt.CursorShape.PointingHandCursor
        self.viewport().setCursor(pointing if over else Qt.CursorShape.ArrowCursor)

    def viewportEvent(self, event: QEvent) -> bool:
        """The tool tip holds what did not fit."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            card = self._delegate.card_of(self.indexAt(event.pos()))
            QToolTip.showText(event.globalPos(), card.tip if card is not None else "", self)
            return True
        return super().viewportEvent(event)

    def _forget_newer(self, value: int) -> None:
        if value < self._delegate.height() // 2:
            self._newer_count = 0
        self._show_newer()

    def _show_newer(self) -> None:
        is_above = self._newer_count > 0 and self.verticalScrollBar().value() > 0
        self._newer.setVisible(is_above)
        if is_above:
            self._newer.setText(self.tr("↑ %n newer", "", self._newer_count))
            self._newer.adjustSize()
            self._newer.move((self.viewport().width() - self._newer.width()) // 2, 6)

    def button_rect(self, index: QModelIndex) -> QRect:
        """Where the button of a card is; empty if it has none."""
        card = self._delegate.card_of(index)
        if card is None or not card.action:
            return QRect()
        return self._delegate.button_rect(self.visualRect(index), card)


class CardDelegate(QStyledItemDelegate):
    """Paints cards; decoded pictures are kept within bounds."""

    def __init__(self, card_of: Callable[[AnyIndex], Card | None], parent: QWidget) -> None:
        super().__init__(parent)
        self.card_of = card_of
        self._list = parent
        self._pictures: OrderedDict[Hashable, QPixmap] = OrderedDict()

    def height(self) -> int:
        """Of every card."""
        text = 2 * line_height() + 2 * line_height(0.89) + 8
        return max(PICTURE.height(), text) + 2 * MARGIN

    def sizeHint(self, _option: QStyleOptionViewItem, _index: AnyIndex) -> QSize:
        """As wide as the list."""
        return QSize(200, self.height())

    def button_rect(self, area: QRect, card: Card) -> QRect:
        """The button, at the bottom right of a card's area."""
        metrics = self._list.fontMetrics()
        wide = metrics.horizontalAdvance(f"{card.action}  {card.action_key}") + 22
        high = metrics.height() + 6
        wide = min(wide, area.width() - PICTURE.width() - 3 * MARGIN)
        return QRect(area.right() - MARGIN - wide, area.bottom() - MARGIN - high + 3, wide, high)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """One card."""
        card = self.card_of(index)
        if card is None:
            return
        theme = current_theme()
        area: QRect = option.rect
        state: QStyle.StateFlag = option.state
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if is_chosen or is_hovered:
            painter.fillRect(area, theme.colour("selected" if is_chosen else "hover"))
        painter.setPen(theme.colour("line"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if card.is_new:
            painter.fillRect(
                QRect(area.left(), area.top(), 3, area.height() - 1), theme.colour(card.role)
            )
        picture = QRect(area.topLeft() + QPoint(MARGIN, MARGIN), PICTURE)
        self._paint_picture(painter, picture, card)
        has_button = bool(card.action) and (is_chosen or is_hovered)
        self._paint_words(painter, area, picture.right() + 10, card, has_button=has_button)
        if has_button:
            self._paint_button(painter, self.button_rect(area, card), card)
        if is_chosen and self._list.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour("accent"), 1))
            painter.drawRect(area.adjusted(0, 0, -1, -1))
        painter.restore()

    def _paint_words(
        self, painter: QPainter, area: QRect, left: int, card: Card, *, has_button: bool
    ) -> None:
        theme = current_theme()
        wide, top = area.right() - MARGIN - left, area.top() + MARGIN - 2
        painter.setFont(font(is_bold=True))
        first, rest = in_two(card.title, wide, painter.fontMetrics())
        for text, role, scale, bold in (
            (first, "text", 1.0, True),
            (rest, "text", 1.0, True),
            (card.subtitle, "text_2", 0.89, False),
        ):
            if not text:
                continue
            high = line_height(scale) + 2
            painter.setFont(font(scale, is_bold=bold))
            painter.setPen(theme.colour(role))
            _draw(painter, QRect(left, top, wide, high), text)
            top += high
        painter.setFont(font(0.89))
        glyph = painter.fontMetrics().horizontalAdvance(card.glyph) + 5
        place = QRect(left, top, wide, line_height(0.89) + 2)
        state = card.state
        if has_button and self.button_rect(area, card).intersects(place):
            place.setRight(self.button_rect(area, card).left() - 4)
            if glyph + painter.fontMetrics().horizontalAdvance(state) > place.width():
                state = ""  # half a word says less than none; the glyph stays
        painter.setPen(theme.colour(card.role))
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, card.glyph)
        painter.setPen(theme.colour("text_2"))
        _draw(painter, place.adjusted(glyph, 0, 0, 0), state)

    def _paint_button(self, painter: QPainter, place: QRect, card: Card) -> None:
        theme = current_theme()
        painter.setPen(theme.colour("accent"))
        painter.setBrush(theme.colour("primary"))
        painter.drawRoundedRect(place, 5, 5)
        painter.setPen(theme.colour("on_primary"))
        painter.setFont(font(0.95))
        text = f"{card.action}  {card.action_key}".rstrip()
        _draw(painter, place.adjusted(6, 0, -6, 0), text, Qt.AlignmentFlag.AlignCenter)

    def _paint_picture(self, painter: QPainter, place: QRect, card: Card) -> None:
        theme = current_theme()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(place, 4, 4)
        drawn = self._picture(card, painter.device().devicePixelRatio())
        if drawn is not None:
            painter.drawPixmap(place, drawn)
            return
        name = "camera" if card.has_picture else "video_off"
        size = 24
        sign = pixmap(name, size, "text_3", ratio=painter.device().devicePixelRatio())
        painter.drawPixmap(place.center() - QPoint(size // 2, size // 2), sign)

    def _picture(self, card: Card, ratio: float) -> QPixmap | None:
        if card.picture is None:
            return None
        key = (card.picture_key, len(card.picture), ratio)
        if key not in self._pictures:
            self._pictures[key] = _cropped(card.picture, PICTURE * ratio)
            while len(self._pictures) > KEPT_PICTURES:
                self._pictures.popitem(last=False)
        made = self._pictures[key]
        return None if made.isNull() else made


def in_two(text: str, wide: int, metrics: QFontMetrics) -> tuple[str, str]:
    """As many whole words as fit in a line, and the rest; a first word that is too long stays whole."""
    if metrics.horizontalAdvance(text) <= wide:
        return text, ""
    words = text.split()
    for count in range(len(words) - 1, 0, -1):
        first = " ".join(words[:count])
        if metrics.horizontalAdvance(first) <= wide:
            return first, " ".join(words[count:])
    return text, ""


def _draw(
    painter: QPainter,
    place: QRect,
    text: str,
    align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, align | Qt.AlignmentFlag.AlignVCenter, shown)


def _cropped(jpeg: bytes, size: QSize) -> QPixmap:
    """The picture filling the size, its middle kept; a null one where the bytes are no picture.

    An upright one (a person, cut out) is shown whole instead: its middle would be a belt.
    """
    image = QImage.fromData(jpeg)
    if image.isNull():
        return QPixmap()
    smooth = Qt.TransformationMode.SmoothTransformation
    if image.width() < image.height() * LEAST_SHAPE:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.black)
        whole = image.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, smooth)
        painter = QPainter(made)
        painter.drawImage((size.width() - whole.width()) // 2, 0, whole)
        painter.end()
        return made
    grown = image.scaled(size, Qt.AspectRatioMode.KeepAspectRatioByExpanding, smooth)
    left, top = (grown.width() - size.width()) // 2, (grown.height() - size.height()) // 2
    return QPixmap.fromImage(grown.copy(left, top, size.width(), size.height()))
