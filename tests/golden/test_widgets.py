"""Pictures of every widget against the ones somebody has looked at.

Fonts differ from machine to machine, so pictures are compared small: shapes, colours and places count, letters
do not. ``--update-golden`` writes them anew; a picture that differs is written beside the golden one for looking.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from widgets import theme
from widgets.specimens import Specimen, specimens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication
    from pytestqt.qtbot import QtBot

PICTURES = Path(__file__).parent / "pictures"
SHRINK = 6
MEAN_MAY_DIFFER = 5.0
"""Of 255, over the whole picture."""
PLACES_MAY_DIFFER = 0.04
"""Share of small pixels that are plainly different."""


@pytest.fixture
def dressed(qapp: QApplication) -> Iterator[QApplication]:
    yield qapp
    qapp.setStyleSheet("")
    qapp.setPalette(qapp.style().standardPalette())
    qapp.setProperty("gatehouse_theme", None)


@pytest.mark.parametrize("look", [theme.DARK, theme.LIGHT], ids=lambda look: look.name)
@pytest.mark.parametrize("specimen", specimens(), ids=lambda specimen: specimen.name)
def test_looks_as_it_did(
    dressed: QApplication,
    qtbot: QtBot,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    specimen: Specimen,
    look: theme.Theme,
) -> None:
    theme.apply(dressed, look, reduced_motion=True)
    widget = specimen.page()
    qtbot.addWidget(widget)
    widget.show()
    dressed.processEvents()
    picture = widget.grab().toImage()
    golden = PICTURES / f"{specimen.name}-{look.name}.png"
    if request.config.getoption("--update-golden"):
        assert _small(picture).save(str(golden))
    assert golden.exists(), "no golden picture yet: run with --update-golden and look at it"
    wanted, shown = _pixels(QImage(str(golden))), _pixels(_small(picture))
    assert wanted.shape == shown.shape
    apart = np.abs(wanted.astype(int) - shown.astype(int))
    if apart.mean() > MEAN_MAY_DIFFER or _share(apart) > PLACES_MAY_DIFFER:
        kept = tmp_path / f"{golden.stem}.png"
        picture.save(str(kept))
        pytest.fail(f"differs from {golden.name}: mean {apart.mean():.1f}, see {kept}")


def _share(apart: np.ndarray) -> float:
    return float((apart.max(axis=2) > 60).mean())


def _small(picture: QImage) -> QImage:
    width, height = picture.width() // SHRINK, picture.height() // SHRINK
    smooth = Qt.TransformationMode.SmoothTransformation
    return picture.scaled(width, height, Qt.AspectRatioMode.IgnoreAspectRatio, smooth)


def _pixels(picture: QImage) -> np.ndarray:
    plain = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), dtype=np.uint8)
    rows = rows[: plain.sizeInBytes()].reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : plain.width() * 3].reshape(plain.height(), plain.width(), 3).copy()
