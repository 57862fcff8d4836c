"""The burnt-in number survives what a picture goes through."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_server.samples.marks import PERIOD, draw_mark, read_mark


@given(st.integers(min_value=0, max_value=PERIOD * 3))
def test_any_number_is_read_back(number: int) -> None:
    picture = np.full((270, 480, 3), 90, np.uint8)
    draw_mark(picture, number)
    assert read_mark(picture) == number % PERIOD


@pytest.mark.parametrize("width", [160, 213, 320, 480, 640, 1280])
def test_number_survives_scaling_and_noise(width: int) -> None:
    chance = np.random.default_rng(1)
    picture = chance.integers(0, 255, (540, 960, 3), np.uint8)
    draw_mark(picture, 987_654)
    scaled = cv2.resize(picture, (width, width * 9 // 16), interpolation=cv2.INTER_AREA)
    noisy = np.clip(scaled + chance.normal(0, 12, scaled.shape), 0, 255).astype(np.uint8)
    assert read_mark(noisy) == 987_654


def test_picture_without_number_gives_none() -> None:
    assert read_mark(np.full((270, 480), 128, np.uint8)) is None
    assert read_mark(np.zeros((270, 480, 3), np.uint8)) is None
