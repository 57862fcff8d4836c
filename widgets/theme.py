"""Colours and metrics by role; every widget asks here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """One look: colours as ``#rrggbb`` by role."""

    name: str
    is_dark: bool
    background: str
    panel: str
    raised: str
    line: str
    text: str
    text_2: str
    text_3: str
    accent: str
    primary: str
    on_primary: str
    ok: str
    caution: str
    alert: str
    footage: str
    gap: str
    box: str


DARK = Theme(
    name="dark",
    is_dark=True,
    background="#0d1015",
    panel="#10141a",
    raised="#1a212b",
    line="#232b36",
    text="#e4eaf1",
    text_2="#9aa7b5",
    text_3="#7f8c9a",
    accent="#58a6ff",
    primary="#2b5fa8",
    on_primary="#ffffff",
    ok="#57d39a",
    caution="#f2b84b",
    alert="#ff6b63",
    footage="#24476f",
    gap="#5a3335",
    box="#ffcf5c",
)

LIGHT = Theme(
    name="light",
    is_dark=False,
    background="#f2f4f7",
    panel="#ffffff",
    raised="#e6ebf1",
    line="#ccd4de",
    text="#12181f",
    text_2="#47535f",
    text_3="#5b6773",
    accent="#0a5fc2",
    primary="#2b5fa8",
    on_primary="#ffffff",
    ok="#0d7a48",
    caution="#8a5a00",
    alert="#c2261d",
    footage="#8db4e2",
    gap="#e3b5b3",
    box="#b27700",
)
