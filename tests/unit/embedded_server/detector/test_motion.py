"""The motion model against made sequences: what must be seen, and what must not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from embedded_server.detector.motion import (
    HEIGHT,
    WIDTH,
    Light,
    MotionModel,
    fit_light,
)
from embedded_server.detector.naming import Verdict
from embedded_server.detector.rules import EventBook, Subject
from embedded_server.detector.tracking import MOTION_TRACKS, Sighting, Tracker
from embedded_server.services.model import AnalysisPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from embedded_server.detector.motion import Grey, Motion

FPS = 5
RANDOM = np.random.default_rng(7)


def scene() -> Grey:
    """Walls, furniture and fine texture."""
    coarse = RANDOM.integers(60, 170, (9, 16), np.uint8)
    picture = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).astype(float)
    picture += RANDOM.normal(0, 22, (HEIGHT, WIDTH))
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 1.0), 10, 235).astype(np.uint8)


SCENE = scene()


def lit(gain: float, offset: float = 0.0) -> Grey:
    return np.clip(SCENE * gain + offset, 0, 255).astype(np.uint8)


def with_person(picture: Grey, x: int, y: int = 60) -> Grey:
    out = picture.copy()
    person = np.tile(np.array([[30], [200], [40], [35]], np.uint8), (17, 24))[:66]
    out[y : y + 66, max(x, 0) : x + 24] = person[:, max(-x, 0) : WIDTH - x]
    return out


def play(model: MotionModel, pictures: Iterable[Grey], start_s: float = 0.0) -> list[Motion]:
    return [model.update(picture, start_s + n / FPS) for n, picture in enumerate(pictures)]


def warmed() -> MotionModel:
    model = MotionModel()
    play(model, [SCENE] * 20)
    return model


def test_light_is_fitted_where_most_cells_agree() -> None:
    background = RANDOM.uniform(40, 160, (18, 32)).astype(np.float32)
    now = background * 0.7 + 12
    now[:6, :10] = 230  # something bright came in
    light = fit_light(background, now)
    assert light.gain == pytest.approx(0.7, abs=0.03)
    assert light.offset == pytest.approx(12, abs=3)


def test_a_picture_that_is_all_white_says_nothing_of_the_light() -> None:
    white = np.full((18, 32), 255, np.float32)
    assert fit_light(white, white) == Light()


def test_who_walks_in_is_one_blob_of_the_right_size() -> None:
    seen = play(warmed(), [with_person(SCENE, 20 + 8 * n) for n in range(10)], 4.0)
    last = seen[-1]
    assert len(last.blobs) == 1
    box = last.blobs[0].box
    assert box.width * WIDTH == pytest.approx(24, abs=6)
    assert box.height * HEIGHT == pytest.approx(66, abs=8)
    assert not last.is_held


def test_who_stands_still_stays_and_leaves_no_ghost() -> None:
    model = warmed()
    standing = play(model, [with_person(SCENE, 150)] * (FPS * 20), 4.0)
    assert all(motion.blobs for motion in standing[5:])
    gone = play(model, [SCENE] * 10, 24.0)
    assert not any(motion.blobs for motion in gone[2:])


def test_what_stays_for_a_minute_becomes_background() -> None:
    model = warmed()
    stays = play(model, [with_person(SCENE, 150)] * (FPS * 64), 4.0)
    assert stays[FPS * 30].blobs
    assert not stays[-1].blobs


def test_who_was_in_the_first_picture_leaves_no_lasting_ghost() -> None:
    model = MotionModel()
    play(model, [with_person(SCENE, 150)] * 3)
    after = play(model, [SCENE] * (FPS * 4), 0.6)
    assert not after[-1].blobs


def test_nothing_is_believed_in_the_first_two_seconds() -> None:
    held = [motion.is_held for motion in play(MotionModel(), [SCENE] * 15)]
    assert held == [True] * 10 + [False] * 5


def noise(sigma: float) -> Callable[[int], Grey]:
    """Noise as a camera makes it: per pixel at full size, here after averaging by four."""
    return lambda _: np.clip(SCENE + RANDOM.normal(0, sigma / 2, SCENE.shape), 0, 255).astype(
        np.uint8
    )


def half_lit(n: int) -> Grey:
    picture = SCENE.copy()
    if n > 10:
        ramp = np.ones((1, WIDTH))
        ramp[:, 170:] = 1.35
        ramp = cv2.GaussianBlur(ramp, (0, 0), 12, borderType=cv2.BORDER_REPLICATE)
        picture = np.clip(SCENE * ramp, 0, 255).astype(np.uint8)
    return picture


def rain(_: int) -> Grey:
    picture = SCENE.copy()
    for _drop in range(60):
        x, y = int(RANDOM.integers(0, WIDTH)), int(RANDOM.integers(0, HEIGHT - 8))
        picture[y : y + 7, x] = np.minimum(picture[y : y + 7, x] + 60, 255)
    return picture


def shake(_: int) -> Grey:
    by_x, by_y = RANDOM.integers(-1, 2, 2)
    return np.roll(SCENE, (int(by_y), int(by_x)), (0, 1))


HARMLESS: dict[str, Callable[[int], Grey]] = {
    "noise": noise(15),
    "heavy noise": noise(25),
    "light off": lambda n: lit(0.4) if n > 10 else SCENE,
    "light on": lambda n: lit(1.6) if n > 10 else SCENE,
    "exposure ramp": lambda n: lit(1 + 0.35 * np.sin(n / 10)),
    "lamp in half the room": half_lit,
    "rain": rain,
    "shake": shake,
    "to infrared": lambda n: lit(-0.6, 200) if n > 10 else SCENE,
}


def events_of(seen: list[Motion], start_s: float) -> int:
    """How many events the rules would make of it."""
    tracker = Tracker(MOTION_TRACKS)
    book = EventBook(AnalysisPlan("cam", "cam/sub"))
    drafts = []
    for n, motion in enumerate(seen):
        now_s = start_s + n / FPS
        blobs = [Sighting(blob.box, "motion", "motion", 0.5) for blob in motion.blobs]
        tracks = tracker.update(blobs, now_s)
        subjects = [Subject(track, Verdict("motion", 0.5), by_model=False) for track in tracks]
        drafts += book.step(subjects, now_s, holds_motion=motion.is_held)
    return len({draft.serial for draft in drafts})


@pytest.mark.parametrize("name", HARMLESS)
def test_light_noise_and_weather_make_no_event(name: str) -> None:
    seen = play(warmed(), [HARMLESS[name](n) for n in range(100)], 4.0)
    assert events_of(seen, 4.0) == 0


@pytest.mark.parametrize("name", ["noise", "heavy noise", "rain", "exposure ramp", "shake"])
def test_who_walks_through_noise_and_weather_is_seen(name: str) -> None:
    pictures = [with_person(HARMLESS[name](n), 10 + 5 * n) for n in range(55)]
    assert events_of(play(warmed(), pictures, 4.0), 4.0) >= 1


def test_a_moving_camera_is_known_as_one() -> None:
    model = warmed()
    panned = [np.roll(SCENE, 24 * n, 1) for n in range(1, 12)]
    seen = play(model, panned, 4.0)
    assert any(motion.camera_moved for motion in seen)
    assert all(motion.is_held for motion in seen[4:])


def test_nothing_is_picked_up_inside_a_mask() -> None:
    model = MotionModel(masks=[((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))])
    play(model, [SCENE] * 20)
    assert not any(
        m.blobs for m in play(model, [with_person(SCENE, 8 * n) for n in range(20)], 4.0)
    )
