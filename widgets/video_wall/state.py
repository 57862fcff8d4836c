"""What one tile says: values that the wall paints."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class TileMode(enum.StrEnum):
    """What a tile shows; each has its own glyph, text and colour."""

    EMPTY = "empty"
    CONNECTING = "connecting"
    LIVE = "live"
    LATE = "late"
    FROZEN = "frozen"
    STALLED = "stalled"
    OFFLINE = "offline"
    NO_PERMISSION = "no_permission"
    UNSUPPORTED = "unsupported"
    LOADING = "loading"
    PLAYBACK = "playback"
    NO_FOOTAGE = "no_footage"

    @property
    def greys_picture(self) -> bool:
        """Whether the last picture is no longer to be taken for what happens now."""
        return self in {TileMode.OFFLINE, TileMode.NO_PERMISSION, TileMode.UNSUPPORTED}

    @property
    def hides_picture(self) -> bool:
        """Whether the last picture would be a lie and black is shown instead."""
        return self in {TileMode.EMPTY, TileMode.NO_FOOTAGE}

    @property
    def has_message(self) -> bool:
        """Whether the middle of the tile says what is wrong or awaited."""
        return self.greys_picture or self.hides_picture or self is TileMode.CONNECTING

    @property
    def has_chip(self) -> bool:
        """Whether a line at the bottom warns about a picture that is still shown in colour."""
        return self in {TileMode.FROZEN, TileMode.STALLED}


@dataclass(frozen=True, slots=True)
class TileBox:
    """One detection, in fractions of the picture."""

    x: float
    y: float
    width: float
    height: float
    label: str


@dataclass(frozen=True, slots=True)
class TileState:
    """Everything that is written on a tile; the texts are ready for the operator."""

    name: str = ""
    mode: TileMode = TileMode.EMPTY
    text: str = ""
    """Short state: ``live``, ``0.9 s late``."""
    headline: str = ""
    """First line of the message in the middle, or of the chip."""
    detail: str = ""
    """Second line: the cause."""
    hint: str = ""
    """Third line: the next try, the next footage."""
    action: str = ""
    """Text of the one button in the message; empty for none."""
    stream: str = ""
    """Such as ``15 fps · sub``."""
    clock: str = ""
    statistics: tuple[str, ...] = ()
    is_alarm: bool = False
    boxes: tuple[TileBox, ...] = ()
