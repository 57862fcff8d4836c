"""The main window from outside: click and type, then look at what the made-up system was asked."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest
import shiboken6
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPushButton, QToolButton

from console.domain.camera import CameraKey, Health
from console.domain.errors import InvalidInput
from console.domain.event import Severity
from console.domain.notice import Level
from console.store.base import ListStore
from console.views import shortcuts
from console.views.add_camera import AddCameraDialog, url_complaint
from console.views.change_camera import ChangeCameraDialog
from console.views.first_run import FirstRunDialog
from console.views.form import FormDialog
from console.views.help_window import HelpWindow
from console.views.log_window import LogWindow
from console.views.main_window import MainWindow
from console.views.settings_dialog import SettingsDialog
from console.views.sign_in import SignInDialog
from tests.support.console_data import SYSTEM, MadeUpSystem, StillWall, made_up_parts
from widgets import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from console.parts import ConsoleParts


def still(parts: ConsoleParts) -> None:
    """No store applies anything later."""
    parts.layouts.save_now()
    for field in dataclasses.fields(parts):
        store = getattr(parts, field.name)
        if isinstance(store, ListStore):
            store._timer.stop()
    parts.layouts._saving.stop()


class Site:
    """A window over a made-up site."""

    def __init__(self, window: MainWindow, parts: ConsoleParts, system: MadeUpSystem) -> None:
        self.window, self.parts, self.system = window, parts, system

    @property
    def wall(self) -> StillWall:
        return cast("StillWall", self.window.wall)


@pytest.fixture
def make_site(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    theme.apply(qapp, theme.DARK, reduced_motion=True)
    made: list[Site] = []

    def make(*, with_content: bool = True, size: tuple[int, int] | None = (1600, 900)) -> Site:
        parts, system = made_up_parts(tmp_path, with_content=with_content)
        window = MainWindow(parts, wall=cast("Any", StillWall(parts)))
        qtbot.addWidget(window)
        if size is not None:
            window.resize(*size)
        window.show()
        qtbot.waitExposed(window)
        qtbot.wait(200)  # the wall is dealt out a moment after cameras have arrived
        made.append(Site(window, parts, system))
        return made[-1]

    yield make
    for site in made:
        if shiboken6.isValid(site.window):
            site.window.close()
            shiboken6.delete(site.window)
        still(site.parts)
    qapp.setStyleSheet("")


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


def press(qtbot: QtBot, site: Site, key: Any, modifier: Any = None) -> None:
    target = QApplication.focusWidget() or site.window
    qtbot.keyClick(target, key, modifier or Qt.KeyboardModifier.NoModifier)


def dialog(site: Site, kind: type[QDialog]) -> Any:
    found = [each for each in site.window.findChildren(kind) if each.isVisible()]
    assert len(found) == 1, f"{len(found)} windows of {kind.__name__} are open"
    return found[0]


def test_the_first_window_fits_the_screen(make_site: Callable[..., Site]) -> None:
    window = make_site(size=None).window
    room = window.screen().availableSize()  # smaller than the size that is wanted
    assert window.size().boundedTo(room) == window.size()


def test_cameras_are_dealt_out_at_the_first_start(site: Site) -> None:
    assert site.wall.layout_name() == "9"
    assert set(site.wall.cameras()) == {camera.key for camera in site.parts.cameras.rows}


def test_a_wall_that_was_arranged_is_left_alone_when_cameras_arrive(
    qtbot: QtBot, site: Site
) -> None:
    site.wall.set_camera(0, None)
    camera = replace(site.parts.cameras.rows[0], key=CameraKey(SYSTEM, "new"), name="A new one")
    site.parts.cameras.put(camera)
    qtbot.wait(250)
    assert site.wall.cameras()[0] is None


def test_keys_open_the_workspaces(qtbot: QtBot, site: Site) -> None:
    for number, name in enumerate(("live", "review", "events", "system"), start=1):
        press(qtbot, site, getattr(Qt.Key, f"Key_{number}"), Qt.KeyboardModifier.ControlModifier)
        assert site.window.workspace == name


def test_choosing_an_event_plays_it(qtbot: QtBot, site: Site) -> None:
    cards = site.window.rail.cards
    index = cards.model().index(1, 0)
    event = site.window.rail.model.event_at(index)
    assert event is not None
    place = cards.visualRect(index).topLeft() + QPoint(20, 20)
    qtbot.mouseClick(cards.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert site.window.workspace == "review"
    assert site.wall.selected_camera() == event.camera
    assert site.wall.playhead() == event.started_at - timedelta(seconds=2)


def test_l_leads_back_to_live(qtbot: QtBot, site: Site) -> None:
    site.wall.go_to(datetime.now(UTC) - timedelta(minutes=5), playing=True)
    assert site.window.workspace == "review"
    press(qtbot, site, Qt.Key.Key_L)
    assert (site.wall.is_live(), site.window.workspace) == (True, "live")


def test_space_pauses_and_steps_go_frame_by_frame(qtbot: QtBot, site: Site) -> None:
    press(qtbot, site, Qt.Key.Key_Space)
    held = site.wall.playhead()
    assert held is not None
    assert not site.wall.is_playing()
    press(qtbot, site, Qt.Key.Key_Comma)
    back = site.wall.playhead()
    assert back is not None
    assert back < held
    press(qtbot, site, Qt.Key.Key_Space)
    assert site.wall.is_playing()


def test_an_alert_is_acknowledged_by_the_keyboard_alone(qtbot: QtBot, site: Site) -> None:
    press(qtbot, site, Qt.Key.Key_J)
    event = site.window.rail.current()
    assert event is not None
    press(qtbot, site, Qt.Key.Key_A)
    assert site.system.acknowledged == [event.key]
    kept = site.parts.events.get(event.key)
    assert kept is not None
    assert kept.is_acknowledged


def test_an_alert_is_acknowledged_with_the_mouse(qtbot: QtBot, site: Site) -> None:
    cards = site.window.rail.cards
    index = cards.model().index(0, 0)
    button = cards.button_rect(index)
    qtbot.mouseClick(cards.viewport(), Qt.MouseButton.LeftButton, pos=button.center())
    assert len(site.system.acknowledged) == 1
    assert site.wall.is_live()  # the button does not play


def test_the_alarm_button_counts_what_waits_and_leads_there(qtbot: QtBot, site: Site) -> None:
    waiting = [
        event
        for event in site.parts.events.rows
        if event.severity is Severity.ALERT and not event.is_acknowledged
    ]
    buttons = [b for b in site.window.top_bar.findChildren(QPushButton) if "alarm" in b.text()]
    assert [b.text() for b in buttons] == [f"▲ {len(waiting)} alarms"]
    site.window.rail.show_pile(Severity.MOTION)
    qtbot.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    assert site.window.rail.piles.current() == Severity.ALERT


def test_the_rail_filters_by_camera_label_and_state(qtbot: QtBot, site: Site) -> None:
    rail = site.window.rail
    camera = site.parts.cameras.rows[0].key
    rail.filter.choose_camera(camera)
    shown = [rail.model.event_at(rail.model.index(n, 0)) for n in range(rail.model.rowCount())]
    assert shown
    assert all(event is not None and event.camera == camera for event in shown)
    rail.filter.clear()
    assert rail.model.rowCount() > len(shown)


def test_the_filter_field_narrows_the_cameras(qtbot: QtBot, site: Site) -> None:
    press(qtbot, site, Qt.Key.Key_Slash)
    assert site.window.cameras.search.hasFocus()
    qtbot.keyClicks(site.window.cameras.search, "yard east")
    model = site.window.cameras.tree.model()
    system = model.index(0, 0)
    names = [model.index(n, 0, system).data() for n in range(model.rowCount(system))]
    assert names == ["Yard East"]


def test_the_pad_is_there_only_for_cameras_that_can_move(qtbot: QtBot, site: Site) -> None:
    lobby = CameraKey(SYSTEM, "lobby")
    assert not site.window.cameras.ptz.isVisible()
    site.wall.select(site.wall.cameras().index(lobby))
    assert site.window.cameras.ptz.isVisible()
    pad = site.window.cameras.ptz.pad.pad
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(pad.width() - 3, pad.height() // 2))
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton)
    assert site.system.moves[0][0] > 0.5
    assert site.system.moves[-1] == (0.0, 0.0, 0.0)


def test_panels_fold_with_their_keys_and_where_it_is_narrow(
    qtbot: QtBot, make_site: Callable[..., Site]
) -> None:
    site = make_site(size=(1280, 720))
    assert not site.window.rail.isVisible()
    assert not site.window.cameras.isVisible()
    press(qtbot, site, Qt.Key.Key_F9)
    press(qtbot, site, Qt.Key.Key_F10)
    assert site.window.rail.isVisible()
    assert site.window.cameras.isVisible()


def test_full_screen_leaves_the_wall_and_its_alarms(qtbot: QtBot, site: Site) -> None:
    press(qtbot, site, Qt.Key.Key_F11)
    window = site.window
    assert window.isFullScreen()
    assert window.alarm_bar.isVisible()
    assert not any(each.isVisible() for each in (window.top_bar, window.timeline, window.rail))
    press(qtbot, site, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert window.top_bar.isVisible()
    assert not window.alarm_bar.isVisible()


def test_escape_leaves_one_level_at_a_time(qtbot: QtBot, site: Site) -> None:
    site.wall.go_to(datetime.now(UTC) - timedelta(minutes=5), playing=True)
    site.wall.enlarge(2)
    site.window._go_back()
    assert (site.wall.is_enlarged(), site.wall.is_live()) == (False, False)
    site.window._go_back()
    assert site.wall.is_live()


def test_the_palette_finds_a_camera(qtbot: QtBot, site: Site) -> None:
    press(qtbot, site, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    line = site.window.palette_box.findChild(QLineEdit)
    assert line is not None
    qtbot.keyClicks(line, "barr")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert not site.window.palette_box.isVisible()
    assert site.wall.selected_camera() == CameraKey(SYSTEM, "barrier")


def test_a_wall_is_saved_and_shown_by_its_number(qtbot: QtBot, site: Site) -> None:
    site.wall.set_layout("1")
    site.wall.set_camera(0, CameraKey(SYSTEM, "road"))
    site.window.dialogs.save_wall()
    naming = site.window.findChildren(QDialog)[-1]
    line = naming.findChild(QLineEdit)
    line.setText("Road only")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    press(qtbot, site, Qt.Key.Key_1)
    assert site.wall.layout_name() == "9"
    press(qtbot, site, Qt.Key.Key_4)
    assert (site.wall.layout_name(), site.wall.cameras()) == ("1", [CameraKey(SYSTEM, "road")])


def test_window_and_wall_are_remembered(
    qtbot: QtBot, site: Site, tmp_path: Path, qapp: QApplication
) -> None:
    site.window.cameras.layout_wanted.emit("16")
    site.wall.set_camera(15, CameraKey(SYSTEM, "yard"))
    press(qtbot, site, Qt.Key.Key_F9)
    site.window.close()
    assert site.wall.is_stopped
    again = MainWindow(site.parts, wall=cast("Any", StillWall(site.parts)))
    assert again.wall.layout_name() == "16"
    assert again.wall.cameras()[15] == CameraKey(SYSTEM, "yard")
    assert again._left.is_folded
    again.close()
    shiboken6.delete(again)


def test_the_strip_leads_into_review(qtbot: QtBot, site: Site) -> None:
    strip = site.window.timeline.strip
    middle = QPoint(strip.width() // 2, strip.height() // 2)
    qtbot.mousePress(strip, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(strip, middle + QPoint(40, 0))
    qtbot.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=middle + QPoint(40, 0))
    assert site.window.workspace == "review"
    assert site.wall.playhead() is not None


def test_adding_a_camera_says_what_is_wrong_in_place(qtbot: QtBot, site: Site) -> None:
    press(qtbot, site, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    form: AddCameraDialog = dialog(site, AddCameraDialog)
    form.submit()
    assert form.error.text() == "Enter a name."
    form.name.setText("Gate")
    form.url.setText("ftp://10.0.0.1/")
    form.submit()
    assert "rtsp://" in form.error.text()
    form.url.setText("rtsp://10.0.0.1/stream")
    site.system.refusal = InvalidInput("The camera refuses this password.", remedy="Check it.")
    form.submit()
    assert form.error.text() == "The camera refuses this password."
    assert form.isVisible()
    site.system.refusal = None
    form.submit()
    assert site.system.added[0]["name"] == "Gate"
    assert not form.isVisible()


def test_the_top_bar_gives_way_when_a_system_has_much_to_say(
    make_site: Callable[..., Site],
) -> None:
    bar = make_site(size=(1280, 720)).window.top_bar
    bar.set_system("●", "The depot in the south of the town · 10 of 10 cameras", "ok")
    bar.set_operator("Augusta Ada King")
    QApplication.processEvents()  # the layout follows a moment later
    for button in bar.findChildren(QPushButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.text()


def test_a_wrong_password_of_a_camera_can_be_corrected(site: Site) -> None:
    key = site.parts.cameras.rows[0].key
    site.window.dialogs.change_camera(key)
    form: ChangeCameraDialog = dialog(site, ChangeCameraDialog)
    assert (form.url.text(), form.username.text()) == ("rtsp://10.0.0.7/main", "admin")
    assert not form.password.text(), "a password is never shown again"
    site.system.refusal = InvalidInput("There is a camera of that name.")
    form.submit()
    assert form.error.text() == "There is a camera of that name."
    site.system.refusal = None
    form.password.setText("right")
    form.submit()
    ((before, after, password),) = site.system.changed
    assert (after.url, after.username, password) == (before.url, before.username, "right")
    assert not form.isVisible()


def test_cameras_come_back_when_the_wall_has_room_for_them_again(site: Site) -> None:
    before = site.wall.cameras()
    site.window.walls.set_layout("9")
    site.wall.set_camera(0, before[1])
    site.wall.set_camera(1, before[0])
    arranged = site.wall.cameras()
    site.window.walls.set_layout("1")
    site.window.walls.set_layout("4")
    site.window.walls.set_layout("9")
    assert site.wall.cameras() == arranged


def test_the_chosen_event_stays_in_sight_while_newer_ones_arrive(qtbot: QtBot, site: Site) -> None:
    cards = site.window.rail.cards
    site.window.rail.show_pile(Severity.DETECTION)
    chosen = site.window.rail.move_by(0)
    assert chosen is not None
    place = cards.visualRect(cards.chosen())
    newest = site.parts.events.rows[0]
    for number in range(3):
        later = newest.started_at + timedelta(seconds=number + 1)
        site.parts.events.put(
            replace(
                newest,
                key=replace(newest.key, event=f"later{number}"),
                started_at=later,
                severity=Severity.DETECTION,
            )
        )
    site.parts.events.flush()
    qtbot.wait(50)
    assert site.window.rail.current() == chosen
    assert cards.visualRect(cards.chosen()) == place
    site.window.go_live()
    assert cards.verticalScrollBar().value() == 0
    assert site.window.rail.current() is None


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        ("rtsp://192.168.1.64:554/stream1", True),
        ("HTTP://cam/video.mjpg", True),
        ("file:///srv/clips/a.mp4", True),
        ("", False),
        ("192.168.1.64", False),
        ("rtsp://", False),
        ("rtsp://cam:99999/", False),
        ("rtsp://[::1/", False),
        ("javascript:alert(1)", False),
    ],
)
def test_addresses_are_looked_at_before_they_are_sent(url: str, is_fine: bool) -> None:
    assert (url_complaint(url) == "") is is_fine


def test_removing_a_camera_asks_and_says_what_is_lost(qtbot: QtBot, site: Site) -> None:
    key = site.parts.cameras.rows[0].key
    asking: Any = site.window.dialogs.remove_camera(key)
    assert asking is not None
    assert site.system.removed == []
    asking.accept_button.click()
    assert site.system.removed == [key]


def test_signing_in_wants_every_field(qtbot: QtBot, site: Site) -> None:
    site.window.dialogs.connect_to()
    form: SignInDialog = dialog(site, SignInDialog)
    form.submit()
    assert "address" in form.error.text()
    form.address.setText("10.0.0.1")
    form.submit()
    assert "user name" in form.error.text()
    offered = [form.keeping.itemText(n) for n in range(form.keeping.count())]
    assert offered == ["Ask every time", "Keep it in a file only I can read"]
    form.close()


def test_first_run_leads_to_a_server(qtbot: QtBot, make_site: Callable[..., Site]) -> None:
    site = make_site(with_content=False)
    site.window.cameras.connect_wanted.emit()
    first: FirstRunDialog = dialog(site, FirstRunDialog)
    qtbot.mouseClick(first.there, Qt.MouseButton.LeftButton)
    form: SignInDialog = dialog(site, SignInDialog)
    form.close()
    first.close()


def test_every_key_is_in_the_help(qtbot: QtBot, site: Site) -> None:
    press(qtbot, site, Qt.Key.Key_F1)
    window: HelpWindow = dialog(site, HelpWindow)
    from PySide6.QtWidgets import QLabel

    shown = {label.text() for label in window.findChildren(QLabel)}
    assert {s.shown_keys for s in shortcuts.SHORTCUTS if s.keys} <= shown
    window.close()


def test_no_key_is_declared_twice() -> None:
    keys = [key for shortcut in shortcuts.SHORTCUTS for key in shortcut.keys]
    assert len(keys) == len(set(keys))


def test_messages_are_toasted_and_kept_in_the_log(qtbot: QtBot, site: Site) -> None:
    site.parts.notices.say("It broke.", level=Level.ERROR, remedy="Mend it.")
    assert [message.text for message in site.window.toasts.messages] == ["It broke."]
    site.window.dialogs.log()
    window: LogWindow = dialog(site, LogWindow)
    window.copy_all()
    assert "ERROR It broke. Mend it." in QApplication.clipboard().text()
    window.close()
    press(qtbot, site, Qt.Key.Key_Escape)
    assert site.window.toasts.messages == ()


def test_settings_are_in_force_at_once(qtbot: QtBot, site: Site) -> None:
    site.window.dialogs.settings()
    page: SettingsDialog = dialog(site, SettingsDialog)
    cast("Any", page.editors["show_statistics"]).setChecked(True)
    assert site.parts.settings.values.show_statistics
    assert site.wall.shows_statistics
    page.close()


def test_closing_asks_only_if_that_is_wanted(qtbot: QtBot, site: Site) -> None:
    site.parts.settings.change(confirm_quit=True)
    site.window.actions_by_name["quit"].trigger()
    asking = next(each for each in site.window.findChildren(FormDialog) if each.isVisible())
    assert site.window.isVisible()
    asking.accept_button.click()
    assert not site.window.isVisible()
    assert site.wall.is_stopped


def test_a_lost_camera_shows_in_panel_bar_and_system_page(qtbot: QtBot, site: Site) -> None:
    camera = site.parts.cameras.rows[1]
    site.parts.cameras.put(replace(camera, health=Health.UNAUTHORISED, cause="Wrong password"))
    site.parts.cameras.flush()
    site.window.show_workspace("system")
    qtbot.wait(250)
    table = site.window.system_page._cards[SYSTEM].table
    texts = [table.item(row, 3).text() for row in range(table.rowCount())]
    assert "Wrong password" in texts


def test_everything_that_can_be_pressed_has_a_name(site: Site) -> None:
    nameless = [
        (button, button.parent(), button.toolTip())
        for kind in (QPushButton, QToolButton)
        for button in site.window.findChildren(kind)
        if not (button.accessibleName() or button.text())
        and button.objectName() != "qt_menubar_ext_button"
        and not isinstance(button.parent(), QLineEdit)
        and not button.isHidden()
    ]
    assert nameless == []


@pytest.mark.parametrize("size", [(1280, 720), (960, 540)])
def test_nothing_asks_for_more_room_than_there_is(
    make_site: Callable[..., Site], size: tuple[int, int]
) -> None:
    site = make_site(size=size)
    for name in ("live", "review", "events", "system"):
        site.window.show_workspace(name)
        hint = site.window.minimumSizeHint()
        assert (hint.width() <= size[0], hint.height() <= size[1]) == (True, True), name
