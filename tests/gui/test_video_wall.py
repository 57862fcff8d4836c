from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QDropEvent, QFont, QFontMetricsF, QImage

from widgets.video_wall.paint import label_rect
from widgets.video_wall.state import TileBox, TileMode, TileState
from widgets.video_wall.widget import CAMERA_MIME, VideoWall

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

LIVE = TileState(name="Yard", mode=TileMode.LIVE, text="live", clock="12:00:00")


@pytest.fixture
def wall(qtbot: QtBot) -> VideoWall:
    made = VideoWall()
    qtbot.addWidget(made)
    made.resize(803, 453)
    made.set_layout("4")
    made.show()
    return made


def picture(wall: VideoWall, tile: int, colour: str = "#336699") -> QImage:
    width, height = wall.picture_box(tile)
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return image


def centre(wall: VideoWall, tile: int) -> QPoint:
    return wall.tile_rect(tile).center().toPoint()


def colour_at(wall: VideoWall, point: QPoint) -> str:
    return wall.grab().toImage().pixelColor(point).name()


def test_a_picture_is_shown_as_it_is(wall: VideoWall) -> None:
    wall.set_state(1, LIVE)
    wall.set_picture(1, picture(wall, 1))
    assert colour_at(wall, centre(wall, 1)) == "#336699"
    assert colour_at(wall, QPoint(401, 100)) == "#000000"  # the seam


def test_offline_greys_the_last_picture_and_no_footage_hides_it(wall: VideoWall) -> None:
    wall.set_state(1, LIVE)
    wall.set_picture(1, picture(wall, 1))
    below = centre(wall, 1) + QPoint(0, 90)
    wall.set_state(1, replace(LIVE, mode=TileMode.OFFLINE, text="offline", headline="Offline"))
    grey = QColor(colour_at(wall, below))
    assert grey.red() == grey.green() == grey.blue() > 0
    wall.set_state(1, replace(LIVE, mode=TileMode.NO_FOOTAGE, text="no footage"))
    assert colour_at(wall, below) == "#000000"


@pytest.mark.parametrize("mode", list(TileMode))
@pytest.mark.parametrize("size", [(160, 90), (420, 260), (2400, 1300)])
def test_every_state_can_be_painted_at_every_size(
    wall: VideoWall, mode: TileMode, size: tuple[int, int]
) -> None:
    wall.resize(*size)
    for name in ("25", "1+5", "1"):
        wall.set_layout(name)
        state = TileState(
            name="A camera with a name that is much too long for any tile",
            mode=mode,
            text=mode.value,
            headline="Offline for 4 min 12 s",
            detail="No answer on TCP 554 · last picture 14:02:11",
            hint="Next try in 6 s",
            action="Try now",
            stream="15 fps · sub",
            clock="12:00:00",
            statistics=("h264 640×360", "15 pictures/s", "nothing lost"),
            is_alarm=True,
            boxes=(TileBox(0.0, 0.0, 1.0, 1.0, "person 91%"), TileBox(0.9, 0.9, 0.2, 0.2, "car")),
        )
        wall.set_state(0, state)
        wall.set_picture(0, picture(wall, 0))
        assert not wall.grab().isNull()


def test_the_selected_tile_and_the_alarm_have_their_frames(wall: VideoWall) -> None:
    edge = wall.tile_rect(1).topLeft().toPoint() + QPoint(1, 100)
    wall.set_state(1, LIVE)
    wall.select(1)
    assert colour_at(wall, edge) == "#58a6ff"
    wall.select(0)
    wall.set_state(1, replace(LIVE, is_alarm=True))
    assert QColor(colour_at(wall, edge)).red() > 200


def test_an_empty_tile_is_not_enlarged(wall: VideoWall, qtbot: QtBot) -> None:
    qtbot.mouseDClick(wall, Qt.MouseButton.LeftButton, pos=centre(wall, 2))
    assert wall.enlarged() is None


def test_mouse_selects_and_double_click_enlarges_and_back(wall: VideoWall, qtbot: QtBot) -> None:
    wall.set_state(2, LIVE)
    with qtbot.waitSignal(wall.tile_selected) as selected:
        qtbot.mouseClick(wall, Qt.MouseButton.LeftButton, pos=centre(wall, 3))
    assert selected.args == [3]
    qtbot.mouseDClick(wall, Qt.MouseButton.LeftButton, pos=centre(wall, 2))
    assert wall.enlarged() == 2
    assert wall.picture_box(2) == (803, 453)
    assert wall.picture_box(0) == (0, 0)
    qtbot.mouseDClick(wall, Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    assert wall.enlarged() is None


def test_keys_move_enlarge_and_leave_one_level_at_a_time(wall: VideoWall, qtbot: QtBot) -> None:
    qtbot.keyClick(wall, Qt.Key.Key_Right)
    qtbot.keyClick(wall, Qt.Key.Key_Down)
    assert wall.selected() == 3
    qtbot.keyClick(wall, Qt.Key.Key_Return)
    assert wall.enlarged() is None  # it is empty
    wall.set_state(3, LIVE)
    qtbot.keyClick(wall, Qt.Key.Key_Return)
    wall.set_picture(3, picture(wall, 3))
    wall.zoom(3, 2.0)
    qtbot.keyClick(wall, Qt.Key.Key_Escape)
    assert wall.viewport(3).is_whole
    assert wall.enlarged() == 3
    qtbot.keyClick(wall, Qt.Key.Key_Escape)
    assert wall.enlarged() is None
    wall.set_arrows_move_selection(False)
    qtbot.keyClick(wall, Qt.Key.Key_Left)
    assert wall.selected() == 3


def test_what_a_reader_hears(wall: VideoWall) -> None:
    wall.set_state(2, LIVE)
    wall.select(2)
    assert wall.accessibleName() == "Video wall"
    assert wall.accessibleDescription() == "Yard, live, tile 3 of 4"


def test_cameras_are_dropped_on_the_nearest_tile(wall: VideoWall, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setData(CAMERA_MIME, b"here/yard\nhere/gate")
    event = QDropEvent(
        QPointF(401, 20),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    with qtbot.waitSignal(wall.cameras_dropped) as dropped:
        wall.dropEvent(event)
    assert dropped.args == [0, ["here/yard", "here/gate"]]


def test_the_button_in_a_message_can_be_pressed(wall: VideoWall, qtbot: QtBot) -> None:
    wall.set_state(
        1, TileState(name="Yard", mode=TileMode.NO_FOOTAGE, headline="No footage", action="Next")
    )
    wall.grab()
    button = wall._buttons[1].center().toPoint()
    with qtbot.waitSignal(wall.action_triggered) as pressed:
        qtbot.mouseClick(wall, Qt.MouseButton.LeftButton, pos=button)
    assert pressed.args == [1]


def test_labels_never_leave_the_picture(qapp: object) -> None:
    metrics = QFontMetricsF(QFont())
    place = QRectF(100, 50, 300, 200)
    for frame in (
        QRectF(100, 50, 20, 20),
        QRectF(390, 240, 60, 60),
        QRectF(20, 10, 500, 400),
        QRectF(200, 150, 40, 40),
    ):
        assert place.contains(label_rect(frame, place, metrics, "person 91%"))


def test_a_smaller_layout_keeps_the_first_tiles(wall: VideoWall) -> None:
    wall.set_state(0, LIVE)
    wall.select(3)
    wall.set_layout("1")
    assert wall.state(0) == LIVE
    assert wall.selected() == 0
    wall.set_layout("16")
    assert wall.state(15).mode is TileMode.EMPTY
