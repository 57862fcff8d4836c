"""The whole console started headless as a process would: first run, remembered systems, damaged files, signals."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtGui import QImage

from console.garbage import Garbage

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

ROOT = Path(__file__).parents[2]


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "console", "--headless", *more],
        cwd=ROOT,
        env={
            **os.environ,
            "XDG_STATE_HOME": str(folder / "state"),
            "GATEHOUSE_CONFIG_DIR": str(folder / "config"),
            "GATEHOUSE_DATA_DIR": str(folder / "data"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_first_start_shows_a_window_and_leaves_nothing_broken(tmp_path: Path) -> None:
    picture = tmp_path / "shots" / "first.png"
    process = start(tmp_path, "--screenshot", str(picture), "--seconds", "1.5")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert "Error" not in said
    image = QImage(str(picture))
    assert (image.width(), image.height()) == (1920, 1080)


def test_damaged_files_are_kept_aside_and_the_window_comes_all_the_same(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    for name in ("settings", "layouts", "systems"):
        (config / f"{name}.json").write_text("{ damaged")
    process = start(tmp_path, "--seconds", "1")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    for name in ("settings", "layouts", "systems"):
        assert list(config.glob(f"{name}.damaged-*.json")), name


def test_a_system_that_is_away_does_not_hold_up_the_start(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "systems.json").write_text(
        '{"systems": [{"id": "x", "name": "Far", "address": "http://127.0.0.1:9", "username": "u"}]}'
    )
    (config / "secrets.json").write_text('{"u@http://127.0.0.1:9": "p"}')
    process = start(tmp_path, "--seconds", "1.5")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Traceback" not in said


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="knows where Linux keeps logs")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path)
    until = time.monotonic() + 60
    while "window is open" not in logged(tmp_path) and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(number)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert (tmp_path / "config" / "layouts.json").exists()


def logged(folder: Path) -> str:
    return "".join(file.read_text() for file in (folder / "state").rglob("console.log"))


def test_garbage_is_collected_on_qts_clock_only(qtbot: QtBot) -> None:
    was_on = gc.isenabled()
    garbage = Garbage()
    try:
        assert not gc.isenabled()
        kept = [[] for _ in range(2000)]
        for one in kept:
            one.append(one)
        before = gc.get_count()[0]
        garbage.look()
        assert gc.get_count()[0] < before
    finally:
        garbage.close()
    assert gc.isenabled() == was_on
