from __future__ import annotations

import sys

import pytest

from console.display import why_no_screen

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux may have no screen"
)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_set_is_no_screen() -> None:
    assert "no display" in (why_no_screen() or "")


def test_another_platform_needs_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert why_no_screen() is None


def test_a_display_that_does_not_answer_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":59999")
    why = why_no_screen() or ""
    assert "does not answer" in why or "apt-get install" in why


def test_a_wayland_name_without_its_socket_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert "no display" in (why_no_screen() or "")
