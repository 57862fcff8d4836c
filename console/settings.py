"""Operator settings: each declared once, with its default, its bounds and its words."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from PySide6.QtCore import QObject, Signal

from console.domain.errors import InvalidInput
from console.files import read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger("gatehouse.settings")


class Values(BaseModel):
    """All settings; settings page and help are derived from the titles and descriptions here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    theme: Literal["dark", "light", "system"] = Field(
        default="dark", title="Appearance", description="Colours of the whole window."
    )
    show_boxes: bool = Field(
        default=True,
        title="Detection boxes",
        description="Draw what was detected on live pictures.",
    )
    show_statistics: bool = Field(
        default=False,
        title="Statistics",
        description="Show frames per second and delay in each tile.",
    )
    first_layout: Literal["1", "4", "9", "16", "25", "1+5"] = Field(
        default="4", title="Wall at first start", description="How many tiles a new wall has."
    )
    reduced_motion: bool = Field(
        default=False, title="Reduced motion", description="No fades and no pulsing."
    )
    replay_seconds: int = Field(
        default=15,
        ge=2,
        le=300,
        title="Instant replay",
        description="How many seconds back R goes.",
    )
    event_lead_seconds: float = Field(
        default=2.0,
        ge=0,
        le=60,
        title="Lead before an event",
        description="How much footage is played before the moment of an event.",
    )
    confirm_quit: bool = Field(
        default=False, title="Ask before closing", description="Ask once before the window closes."
    )


class Settings(QObject):
    """The values in force, and their file."""

    changed = Signal(str)
    """Name of a value that is different now."""

    def __init__(self, file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        kept, self.complaint = read_json(file)
        """What was wrong with the file at the start, in a sentence, or None."""
        self.values, refused = _read(kept)
        if refused:
            names = ", ".join(sorted(refused))
            self.complaint = f"Settings with values that are not allowed were reset: {names}."

    def change(self, **new: Any) -> None:
        """Set values by name, keep them, and say which are different.

        Raises:
            InvalidInput: a value is out of bounds, or the file cannot be written.
        """
        old = self.values
        try:
            values = Values.model_validate({**old.model_dump(), **new})
        except ValidationError as error:
            raise InvalidInput(_sentence(error)) from error
        try:
            write_json(self._file, values.model_dump(exclude_defaults=True))
        except OSError as error:
            raise InvalidInput(
                f"Settings cannot be saved: {error}",
                remedy=f"Make sure that {self._file.parent} can be written.",
            ) from error
        self.values = values
        for name in Values.model_fields:
            if getattr(old, name) != getattr(values, name):
                self.changed.emit(name)


def _read(kept: dict[str, Any]) -> tuple[Values, set[str]]:
    """The kept values that are allowed; the names of those that are not."""
    try:
        return Values.model_validate(kept), set()
    except ValidationError as error:
        refused = {str(item["loc"][0]) for item in error.errors() if item["loc"]}
        good = {name: value for name, value in kept.items() if name not in refused}
        _log.warning("settings reset: %s", ", ".join(sorted(refused)))
        return Values.model_validate(good), refused


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else "value"
    title = Values.model_fields[name].title if name in Values.model_fields else name
    return f"{title}: {first['msg']}."
