"""The scenes show what they promise: movers that come and go, day and night."""

import numpy as np
import pytest

from embedded_server.samples.encoder import FPS, render
from embedded_server.samples.marks import PERIOD, read_mark
from embedded_server.samples.scenes import HEIGHT, WIDTH, BackFence, Scene, all_scenes, daylight


@pytest.mark.parametrize("scene", all_scenes(), ids=lambda scene: scene.name)
def test_something_moves_and_sometimes_nothing_does(scene: Scene) -> None:
    shares = []
    for moment in range(0, 400, 9):
        before, after = scene.draw(moment), scene.draw(moment + 0.5)
        assert before.shape == (HEIGHT, WIDTH, 3)
        shares.append(
            float(np.mean(np.abs(before.astype(int) - after.astype(int)).max(axis=2) > 40))
        )
    assert max(shares) > 0.005
    assert min(shares) < 0.0005


def test_day_turns_to_night_and_back() -> None:
    assert {round(daylight(moment)) for moment in range(0, 240, 5)} == {0, 1}
    fence = BackFence()
    assert fence.draw(60).mean() > 2 * fence.draw(180).mean()


def test_rendered_picture_bears_its_number() -> None:
    number = 1_800_000_000 * FPS
    assert read_mark(render(all_scenes()[0], number)) == number % PERIOD
