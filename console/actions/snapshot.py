"""Keeping a still picture."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths

from console.domain.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from PySide6.QtGui import QImage


async def save(picture: QImage | None, path: Path) -> Path:
    """Write a picture to a file; the format follows the name.

    Raises:
        InvalidInput: there is no picture yet, or the file cannot be written.
    """
    if picture is None or picture.isNull():
        raise InvalidInput("This tile has no picture yet.", remedy="Wait for the first picture.")
    # a copy: the wall goes on painting into its own
    saved = await asyncio.to_thread(picture.copy().save, str(path))
    if not saved:
        raise InvalidInput(
            f"{path} cannot be written.", remedy="Choose a folder that you may write to."
        )
    return path


def proposed_path(camera_name: str, at: datetime) -> Path:
    """Where a snapshot goes unless the operator says otherwise: among the pictures, named by camera and UTC time."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    name = re.sub(r"[^\w.-]+", "_", camera_name).strip("._") or "camera"
    return Path(folder) / f"{name}_{at:%Y-%m-%d_%H-%M-%S}Z.png"
