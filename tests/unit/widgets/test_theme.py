from __future__ import annotations

import pytest

from widgets.stylesheet import stylesheet
from widgets.theme import DARK, LIGHT, Theme

TEXT = ("text", "text_2", "text_3", "accent", "ok", "caution", "alert")
GROUND = ("background", "panel", "raised", "hover", "selected")


def luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", ["background", "panel"])
@pytest.mark.parametrize("text", TEXT)
def test_text_can_be_read_on_the_window(theme: Theme, text: str, ground: str) -> None:
    assert contrast(getattr(theme, text), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", GROUND)
@pytest.mark.parametrize("text", ["text", "text_2"])
def test_text_can_be_read_on_controls(theme: Theme, text: str, ground: str) -> None:
    assert contrast(getattr(theme, text), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_buttons_and_alarms_can_be_read(theme: Theme) -> None:
    assert contrast(theme.on_primary, theme.primary) >= 4.5
    assert contrast(theme.alert, theme.alert_soft) >= 4.5


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_the_style_sheet_leaves_no_role_open(theme: Theme) -> None:
    assert "$" not in stylesheet(theme)
