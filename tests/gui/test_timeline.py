"""The timeline under the mouse and the keyboard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from widgets.timeline import GapMark, Lane, Mark, TimelineWidget, TimeSpan

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = TimeSpan(T0, T0 + timedelta(hours=1))
NOW = T0 + timedelta(minutes=55)
LEFT = Qt.MouseButton.LeftButton


def minutes(count: float) -> datetime:
    return T0 + timedelta(minutes=count)


@pytest.fixture
def timeline(qtbot: QtBot) -> TimelineWidget:
    return shown(qtbot, TimelineWidget())


def shown(qtbot: QtBot, timeline: TimelineWidget) -> TimelineWidget:
    qtbot.addWidget(timeline)
    timeline.set_zone(UTC)
    timeline.set_span(HOUR)
    timeline.set_now(NOW)
    timeline.resize(900, 140)
    timeline.set_lanes(
        [
            Lane("a", "Yard", ((T0, NOW),), (), (Mark(minutes(10), minutes(11), "alert", "e1"),)),
            Lane("b", "Gate", ((T0, minutes(20)),), (GapMark(minutes(20), None, "disk full"),)),
        ]
    )
    timeline.show()
    return timeline


def place(timeline: TimelineWidget, moment: datetime, lane: int) -> QPoint:
    area = timeline.lane_area(lane)
    return QPoint(round(timeline.x_of(moment)), round(area.center().y()))


def close(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(seconds=8)  # a pixel is four seconds


def test_a_click_on_an_event_chooses_it(qtbot: QtBot, timeline: TimelineWidget) -> None:
    with qtbot.waitSignal(timeline.mark_chosen) as heard:
        qtbot.mouseClick(timeline, LEFT, pos=place(timeline, minutes(10.5), 0))
    assert heard.args == ["e1"]


def test_a_click_beside_it_chooses_the_moment(qtbot: QtBot, timeline: TimelineWidget) -> None:
    with qtbot.waitSignal(timeline.moment_chosen) as heard:
        qtbot.mouseClick(timeline, LEFT, pos=place(timeline, minutes(30), 0))
    assert close(heard.args[0], minutes(30))


def test_what_has_not_come_yet_cannot_be_chosen(qtbot: QtBot, timeline: TimelineWidget) -> None:
    with qtbot.waitSignal(timeline.moment_chosen) as heard:
        qtbot.mouseClick(timeline, LEFT, pos=place(timeline, minutes(59), 0))
    assert heard.args == [NOW]


def test_dragging_moves_the_time(qtbot: QtBot, timeline: TimelineWidget) -> None:
    start = place(timeline, minutes(30), 0)
    with qtbot.assertNotEmitted(timeline.moment_chosen):
        qtbot.mousePress(timeline, LEFT, pos=start)
        qtbot.mouseMove(timeline, start + QPoint(50, 0))
        qtbot.mouseMove(timeline, start + QPoint(100, 0))
        qtbot.mouseRelease(timeline, LEFT, pos=start + QPoint(100, 0))
    assert timeline.span.start < T0
    assert timeline.span.duration == HOUR.duration


def test_dragging_the_playhead_scrubs(qtbot: QtBot, timeline: TimelineWidget) -> None:
    timeline.set_playhead(minutes(30))
    start = place(timeline, minutes(30), 1)
    heard: list[datetime] = []
    timeline.playhead_dragged.connect(heard.append)
    qtbot.mousePress(timeline, LEFT, pos=start)
    qtbot.mouseMove(timeline, place(timeline, minutes(20), 1))
    qtbot.mouseRelease(timeline, LEFT, pos=place(timeline, minutes(20), 1))
    assert close(heard[-1], minutes(20))
    assert timeline.span == HOUR


def test_every_drag_on_the_strip_scrubs(qtbot: QtBot) -> None:
    strip = shown(qtbot, TimelineWidget(is_slim=True))
    heard: list[datetime] = []
    strip.playhead_dragged.connect(heard.append)
    qtbot.mousePress(strip, LEFT, pos=place(strip, minutes(40), 0))
    qtbot.mouseMove(strip, place(strip, minutes(30), 0))
    qtbot.mouseRelease(strip, LEFT, pos=place(strip, minutes(30), 0))
    assert close(heard[-1], minutes(30))


def test_the_wheel_zooms_about_the_pointer(timeline: TimelineWidget) -> None:
    at = QPointF(place(timeline, minutes(15), 0))
    turn(timeline, at, 120)
    assert timeline.span.duration < HOUR.duration
    assert close(timeline.scale.time_at(at.x()), minutes(15))


def test_the_wheel_moves_with_shift(timeline: TimelineWidget) -> None:
    turn(timeline, QPointF(400, 60), 120, Qt.KeyboardModifier.ShiftModifier)
    assert timeline.span.duration == HOUR.duration
    assert timeline.span.start < T0


def test_the_keyboard_does_what_the_mouse_does(qtbot: QtBot, timeline: TimelineWidget) -> None:
    qtbot.keyClick(timeline, Qt.Key.Key_Left)
    assert timeline.span == HOUR.moved(-timedelta(minutes=6))
    qtbot.keyClick(timeline, Qt.Key.Key_Plus)
    assert timeline.span.duration == timedelta(minutes=40)
    qtbot.keyClick(timeline, Qt.Key.Key_End)
    assert timeline.span.contains(NOW)
    qtbot.keyClick(timeline, Qt.Key.Key_Home)
    assert timeline.span.start == T0


def test_the_tip_says_why_footage_is_missing(timeline: TimelineWidget) -> None:
    tip = timeline.tip_at(QPointF(place(timeline, minutes(30), 1)))
    assert tip.splitlines() == [
        "No footage: disk full",
        tip.splitlines()[1],
        tip.splitlines()[2],
    ]
    assert tip.splitlines()[2].endswith("UTC")


def test_the_name_of_a_lane_chooses_it(qtbot: QtBot, timeline: TimelineWidget) -> None:
    with qtbot.waitSignal(timeline.lane_chosen) as heard:
        qtbot.mouseClick(timeline, LEFT, pos=QPoint(20, place(timeline, T0, 1).y()))
    assert heard.args == ["b"]


def turn(
    timeline: TimelineWidget,
    at: QPointF,
    angle: int,
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    wheel = QWheelEvent(
        at,
        timeline.mapToGlobal(at),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(timeline, wheel)
