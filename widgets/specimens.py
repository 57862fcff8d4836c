"""Every widget in every state, for the gallery and the golden pictures: made-up values, fixed times, no text of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractListModel,
    QBuffer,
    QIODevice,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
)
from PySide6.QtGui import QColor, QImage, QLinearGradient, QPainter
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from widgets.busy import BusyIndicator
from widgets.chip import StateChip
from widgets.choice import Choice
from widgets.empty_state import EmptyState
from widgets.event_cards import Card, CardList
from widgets.icons import NAMES, icon
from widgets.picture import Picture
from widgets.ptz_pad import PtzPad
from widgets.search_field import SearchField
from widgets.segments import Segments
from widgets.text import ElidedLabel, wrapped
from widgets.theme import set_kind
from widgets.timeline import GapMark, Lane, Mark, TimelineWidget, TimeSpan
from widgets.toast import Message, Toast
from widgets.top_bar import TopBar
from widgets.transport_bar import TransportBar
from widgets.video_wall.state import TileBox, TileMode, TileState
from widgets.video_wall.widget import VideoWall

if TYPE_CHECKING:
    from collections.abc import Callable

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Specimen:
    """One widget in one state, at the size it is shown in."""

    name: str
    make: Callable[[], QWidget]
    width: int
    height: int

    def page(self) -> QWidget:
        """The widget on the window's ground, in its size."""
        page = QWidget()
        set_kind(page, "page")
        page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        page.setFixedSize(self.width, self.height)
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.make())
        return page


def specimens() -> tuple[Specimen, ...]:
    """All of them."""
    return (
        Specimen("top_bar_wide", lambda: _top_bar(3), 1280, 44),
        Specimen("top_bar_narrow", lambda: _top_bar(0), 640, 44),
        Specimen("timeline", _timeline, 900, 150),
        Specimen("timeline_many", _crowded, 900, 150),
        Specimen("timeline_empty", _empty_timeline, 900, 90),
        Specimen("timeline_slim", _strip, 900, 74),
        Specimen("transport_playing", lambda: _transport(is_playing=True), 900, 44),
        Specimen("transport_paused", lambda: _transport(is_playing=False), 900, 44),
        Specimen("cards", _cards, 330, 350),
        Specimen("ptz", lambda: _ptz(""), 232, 130),
        Specimen("ptz_refused", lambda: _ptz("The camera is offline."), 232, 160),
        Specimen("toast_info", lambda: _toast("info"), 380, 64),
        Specimen("toast_warning", lambda: _toast("warning"), 380, 64),
        Specimen("toast_error", lambda: _toast("error"), 380, 64),
        Specimen("chips", _chips, 420, 36),
        Specimen("empty", _empty, 300, 220),
        Specimen("busy", lambda: BusyIndicator("Searching, 40 %"), 320, 36),
        Specimen("fields", _fields, 420, 84),
        Specimen("buttons", _buttons, 640, 44),
        Specimen("texts", _texts, 260, 110),
        Specimen("picture", _picture, 320, 180),
        Specimen("picture_missing", _no_picture, 320, 180),
        Specimen("wall", _wall, 900, 600),
        Specimen("icons", _icons, 640, 230),
    )


class _Cards(QAbstractListModel):
    """A list of cards."""

    def __init__(self, cards: list[Card], parent: QWidget) -> None:
        super().__init__(parent)
        self.cards = cards

    def rowCount(self, _parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  Qt's way
        return len(self.cards)

    def data(self, _index: AnyIndex, _role: int = 0) -> None:
        return None


def _top_bar(alarms: int) -> QWidget:
    menu = QMenu()
    bar = TopBar(
        "Gatehouse",
        icon("gate", "accent"),
        [
            ("live", "live", "Live", "Ctrl+1"),
            ("review", "review", "Review", "Ctrl+2"),
            ("events", "events", "Events", "Ctrl+3"),
            ("system", "system", "System", "Ctrl+4"),
        ],
        menu,
    )
    menu.setParent(bar, menu.windowFlags())
    bar.set_workspace("live")
    bar.set_alarms(alarms)
    bar.set_system("◐", "Depot South · 9 of 10 cameras", "caution")
    bar.set_clock("12:34:56", "UTC", "")
    bar.set_operator("A. Operator")
    return bar


def _timeline() -> QWidget:
    timeline = _bare_timeline(is_slim=False)
    hour = timedelta(minutes=60)
    hole = GapMark(T0 + hour * 0.3, T0 + hour * 0.55, "the camera could not be reached")
    marks = tuple(
        Mark(T0 + hour * at, T0 + hour * (at + 0.03), role, number, role, weight)
        for number, (at, role, weight) in enumerate(
            ((0.1, "alert", 3), (0.2, "caution", 2), (0.62, "caution", 2), (0.7, "text_3", 1))
        )
    )
    timeline.set_lanes(
        [
            Lane("a", "Yard", ((T0, T0 + hour * 0.95),), (), marks),
            Lane(
                "b",
                "Barrier with a long name",
                ((T0, hole.start), (hole.end or T0, T0 + hour * 0.9)),
                (hole, GapMark(T0 + hour * 0.9, None, "the disk was full")),
                marks[:1],
            ),
            Lane("c", "Lobby"),
        ]
    )
    timeline.set_playhead(T0 + hour * 0.47)
    return timeline


def _crowded() -> QWidget:
    timeline = _bare_timeline(is_slim=False)
    run = (T0, T0 + timedelta(minutes=57))
    timeline.set_lanes([Lane(str(n), f"Camera {n}", (run,)) for n in range(25)])
    return timeline


def _empty_timeline() -> QWidget:
    timeline = _bare_timeline(is_slim=False)
    timeline.set_empty_text("Put a camera on the wall to see what is recorded of it")
    return timeline


def _strip() -> QWidget:
    timeline = _bare_timeline(is_slim=True)
    hour = timedelta(minutes=60)
    gap = GapMark(T0 + hour * 0.4, T0 + hour * 0.5, "Barrier", is_partial=True)
    marks = tuple(
        Mark(T0 + hour * n / 40, T0 + hour * (n + 0.4) / 40, role, n, "", 1 + n % 3)
        for n, role in enumerate(["text_3", "caution", "alert"] * 12)
    )
    timeline.set_lanes([Lane("", "All", ((T0, T0 + hour * 0.95),), (gap,), marks)])
    return timeline


def _bare_timeline(*, is_slim: bool) -> TimelineWidget:
    timeline = TimelineWidget(is_slim=is_slim)
    timeline.set_zone(UTC)
    timeline.set_span(TimeSpan(T0, T0 + timedelta(minutes=60)))
    timeline.set_now(T0 + timedelta(minutes=57))
    return timeline


def _transport(*, is_playing: bool) -> QWidget:
    bar = TransportBar()
    bar.set_playing(is_playing)
    bar.set_speed(2.0 if is_playing else 1.0)
    bar.set_time("Sun 1 Mar 2026 12:28:12.400 UTC")
    return bar


def _cards() -> QWidget:
    jpeg = _jpeg()
    cards = [
        Card(
            "Person loitering 48 s",
            "Lobby · 12:05:31",
            "▲",
            "Alert · new",
            "alert",
            "Acknowledge",
            "A",
            jpeg,
            1,
            is_new=True,
        ),
        Card(
            "Car, white",
            "Service road · 12:02:54",
            "●",
            "Detection · seen",
            "caution",
            picture=jpeg,
        ),
        Card("Somebody with a very long story to tell", "Yard", "●", "Detection", "caution"),
        Card("Motion", "Yard", "◦", "Motion · new", "text_3", has_picture=False),
    ]
    view = CardList(lambda index: cards[index.row()] if index.isValid() else None)
    view.setModel(_Cards(cards, view))
    view.setCurrentIndex(view.model().index(0, 0))
    return view


def _ptz(reason: str) -> QWidget:
    pad = PtzPad()
    pad.set_presets([("1", "Door"), ("2", "Desk")])
    pad.set_reason(reason)
    return pad


def _toast(level: str) -> QWidget:
    message = Message(level, "The camera Barrier does not answer.", "Check its power and cable.")
    return Toast(message, lambda _toast: None)


def _chips() -> QWidget:
    states = (("●", "live", "ok"), ("◐", "0.9 s late", "caution"), ("▲", "offline", "alert"))
    return _row(*(StateChip(*state) for state in states))


def _empty() -> QWidget:
    return EmptyState(
        picture="camera",
        title="No cameras yet",
        text="Add a camera (Ctrl+N) by its address.",
        action="Add a camera",
    )


def _fields() -> QWidget:
    search = SearchField("Filter cameras")
    choice = Choice("Camera")
    choice.addItems(["A camera with a very long name indeed", "Yard"])
    segments = Segments([("a", "Alerts 3"), ("d", "Detections 41"), ("m", "Motion 212")])
    segments.set_current("a")
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(4, 4, 4, 4)
    column.addWidget(_row(search, choice))
    column.addWidget(segments)
    return box


def _buttons() -> QWidget:
    buttons = []
    for kind in ("", "primary", "danger", "quiet", "alarm"):
        button = QPushButton(kind or "plain")
        set_kind(button, kind)
        buttons.append(button)
    off = QPushButton("disabled")
    off.setEnabled(False)
    return _row(*buttons, off)


def _texts() -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.addWidget(ElidedLabel("A title that is much too long for its place", kind="title"))
    for kind in ("secondary", "hint", "error"):
        column.addWidget(wrapped(f"Text of kind {kind}", kind))
    return box


def _picture() -> QWidget:
    picture = Picture()
    picture.show_jpeg(_jpeg())
    picture.show_box((0.4, 0.3, 0.2, 0.5), "person")
    return picture


def _no_picture() -> QWidget:
    picture = Picture()
    picture.show_text("This event has no picture.")
    return picture


def _wall() -> QWidget:
    wall = VideoWall()
    wall.set_layout("9")
    states = (
        TileState(
            "Lobby",
            TileMode.LIVE,
            "live",
            stream="15 fps · main",
            boxes=(TileBox(0.4, 0.2, 0.2, 0.6, "person 91 %"),),
        ),
        TileState("Car park", TileMode.LATE, "0.9 s late", stream="15 fps · sub", is_alarm=True),
        TileState("Yard East", TileMode.FROZEN, "frozen", headline="Frozen for 18 s"),
        TileState(
            "Barrier",
            TileMode.OFFLINE,
            "offline",
            headline="Offline for 4 min",
            detail="No answer on TCP 554",
            hint="Next try in 6 s",
        ),
        TileState("Gate", TileMode.CONNECTING, "connecting", headline="Connecting…"),
        TileState("Vault", TileMode.NO_PERMISSION, "no permission", headline="Not for you"),
        TileState("Yard", TileMode.PLAYBACK, "2×", clock="13:41:07.400"),
        TileState("Roof", TileMode.NO_FOOTAGE, "no footage", headline="No footage here"),
        TileState(),
    )
    scene = _scene()
    for tile, state in enumerate(states):
        wall.set_picture(tile, scene)
        wall.set_state(tile, state)
    return wall


def _icons() -> QWidget:
    box = QWidget()
    rows = QVBoxLayout(box)
    for start in range(0, len(NAMES), 18):
        row = QHBoxLayout()
        for name in NAMES[start : start + 18]:
            sign = QLabel()
            sign.setPixmap(icon(name).pixmap(20, 20))
            sign.setToolTip(name)
            row.addWidget(sign)
        rows.addLayout(row)
    return box


def _row(*widgets: QWidget) -> QWidget:
    box = QWidget()
    row = QHBoxLayout(box)
    row.setContentsMargins(4, 4, 4, 4)
    for widget in widgets:
        row.addWidget(widget)
    return box


def _scene() -> QImage:
    image = QImage(480, 270, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    shade = QLinearGradient(0, 0, 0, 270)
    shade.setColorAt(0, QColor("#9fb4c8"))
    shade.setColorAt(1, QColor("#4a5d49"))
    painter.fillRect(image.rect(), shade)
    painter.fillRect(210, 80, 60, 140, QColor("#7a4a52"))
    painter.end()
    return image


def _jpeg() -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    _scene().save(buffer, "JPEG", 90)  # type: ignore[call-overload]  # the stubs want bytes, it does not
    return bytes(buffer.data().data())
