from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import pytest

from installers import screen
from installers.errors import NotAvailable

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="elsewhere there is always a screen"
)


def test_no_display_is_said_with_the_way_out() -> None:
    with pytest.raises(NotAvailable, match="neither DISPLAY nor WAYLAND_DISPLAY") as caught:
        screen.require({})
    assert "--headless" in caught.value.remedy


def test_a_display_that_nothing_answers_at() -> None:
    with pytest.raises(NotAvailable, match=":6399"):
        screen.require({"DISPLAY": ":6399"})


def test_a_wayland_socket_is_enough(tmp_path: Path) -> None:
    (tmp_path / "wayland-0").touch()
    screen.require({"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)})


def test_an_x_server_is_enough() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind("\0/tmp/.X11-unix/X6398")
        server.listen()
        screen.require({"DISPLAY": ":6398.0"})


def test_offscreen_asks_for_no_screen() -> None:
    screen.require({"QT_QPA_PLATFORM": "offscreen:size=1x1"})


@pytest.mark.parametrize(
    ("display", "place"),
    [
        (":0", ("", 0)),
        (":1.0", ("", 1)),
        ("host:10.0", ("host", 10)),
        ("unix:2", ("", 2)),
        ("/private/tmp/socket", None),
        ("nonsense", None),
    ],
)
def test_display_names(display: str, place: tuple[str, int] | None) -> None:
    assert screen.place_of(display) == place
