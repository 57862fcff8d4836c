"""The command line, as a person types it; nothing here opens a window."""

from __future__ import annotations

import subprocess
import sys

import pytest

from console.__main__ import BENCHES, SERVER_COMMANDS, main
from embedded_server.contract.version import PRODUCT_VERSION


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for word in (*SERVER_COMMANDS, *BENCHES, "demo", "--self-test", "--version", "--headless"):
        assert word in said, word


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert PRODUCT_VERSION in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["--seconds", "-1", "--headless"],
        ["--seconds", "soon"],
        ["bench"],
        ["bench", "nonsense"],
        ["demo", "--camera"],
    ],
)
def test_what_is_not_understood_ends_with_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux may have no display")
@pytest.mark.parametrize("arguments", [[], ["demo"]])
def test_without_a_display_there_is_a_sentence_and_no_abort(
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main(arguments) == 3
    said = capsys.readouterr().err
    assert "no display" in said
    assert "--headless" in said


@pytest.mark.parametrize("command", ["server", "user", "camera", "check", "models"])
def test_server_commands_answer_help(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "console", command, "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_the_command_line_loads_neither_qt_nor_the_server() -> None:
    code = (
        "import sys, console.__main__;"
        "bad = [m for m in sys.modules if m.startswith(('PySide6', 'av', 'fastapi', 'cv2'))];"
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
