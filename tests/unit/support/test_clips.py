from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from tests.support.clips import draw_frame, numbers_of, read_number, write_clip

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", [0, 1, 255, 4660, 65535])
@pytest.mark.parametrize("width", [96, 320, 1280])
def test_number_survives_scaling(number: int, width: int) -> None:
    picture = draw_frame(number, width=640, height=360)
    scaled = cv2.resize(picture, (width, width * 9 // 16), interpolation=cv2.INTER_AREA)
    assert read_number(np.asarray(scaled, np.uint8)) == number


def test_picture_without_strip_has_no_number() -> None:
    assert read_number(np.full((240, 320, 3), 90, np.uint8)) is None
    noise = np.random.default_rng(1).integers(0, 255, (240, 320), np.uint8)
    assert read_number(noise) is None


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mjpeg", "mpeg4"])
def test_clip_reads_back(tmp_path: Path, codec: str) -> None:
    path = write_clip(tmp_path / "a.mov", frames=20, codec=codec, first=1000)  # type: ignore[arg-type]
    assert numbers_of(path) == list(range(1000, 1020))
