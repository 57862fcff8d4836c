from __future__ import annotations

import pytest

from embedded_server.detector.tracking import (
    MODEL_TRACKS,
    MOTION_TRACKS,
    Sighting,
    Tracker,
    asked_for,
)
from embedded_server.services.model import Box


def at(x: float, y: float = 0.5, *, score: float = 0.55, group: str = "person") -> Sighting:
    return Sighting(Box(x, y, 0.06, 0.2), group, group, score)


def play(tracker: Tracker, *pictures: list[Sighting], fps: float = 5.0) -> None:
    for number, sightings in enumerate(pictures):
        tracker.update(sightings, number / fps)


def test_three_sightings_make_a_track_and_two_sure_ones_do_too() -> None:
    unsure, sure = Tracker(), Tracker()
    play(unsure, [at(0.1)], [at(0.12)])
    play(sure, [at(0.1, score=0.8)], [at(0.12, score=0.8)])
    assert unsure.confirmed == []
    assert len(sure.confirmed) == 1
    assert len(unsure.update([at(0.14)], 0.4)) == 1


def test_low_scores_continue_a_track_and_never_begin_one() -> None:
    tracker = Tracker()
    play(tracker, *[[at(0.1 + 0.02 * n)] for n in range(4)], *[[at(0.2, score=0.3)]] * 8)
    assert [track.hits for track in tracker.tracks] == [12]
    alone = Tracker()
    play(alone, *[[at(0.1, score=0.3)]] * 8)
    assert alone.tracks == ()


def test_a_fast_walker_keeps_one_identity_without_any_overlap() -> None:
    tracker = Tracker()
    play(tracker, *[[at(0.05 + 0.07 * n, score=0.8)] for n in range(12)])
    assert [track.id for track in tracker.tracks] == [1]


def test_two_who_cross_keep_their_identities() -> None:
    tracker = Tracker()
    play(tracker, *[[at(0.1 + 0.04 * n, 0.4), at(0.9 - 0.04 * n, 0.5)] for n in range(20)])
    tracks = sorted(tracker.confirmed, key=lambda t: t.id)
    assert [track.id for track in tracks] == [1, 2]
    assert tracks[0].box.x > 0.8
    assert tracks[1].box.x < 0.2


def test_a_hidden_walker_is_found_again_where_he_should_be() -> None:
    tracker = Tracker()
    play(tracker, *[[at(0.1 + 0.03 * n)] for n in range(8)], *[[]] * 5, [at(0.1 + 0.03 * 13)])
    assert [track.id for track in tracker.confirmed] == [1]


def test_a_track_ends_when_nothing_is_seen_for_long() -> None:
    tracker = Tracker()
    play(tracker, *[[at(0.1)]] * 4, *[[]] * 11)
    assert tracker.tracks == ()


def test_travel_is_the_full_range_so_that_standing_still_takes_nothing_back() -> None:
    tracker = Tracker()
    walked = [[at(0.1 + 0.02 * n)] for n in range(10)]
    play(tracker, *walked, *[[at(0.28)]] * 60)
    assert tracker.confirmed[0].travel > 0.12


def test_a_trembling_bin_goes_nowhere() -> None:
    tracker = Tracker()
    play(tracker, *[[at(0.5 + 0.01 * (n % 3), score=0.7)] for n in range(60)])
    assert tracker.confirmed[0].travel < 0.06


def test_the_name_is_what_most_scores_say_over_the_whole_life() -> None:
    tracker = Tracker()
    play(
        tracker,
        *[[at(0.1, score=0.7, group="vehicle")]] * 2,
        *[[at(0.1, score=0.9, group="person")]] * 4,
    )
    assert [track.group for track in tracker.confirmed] == ["person"]


def test_groups_do_not_take_over_each_others_tracks_from_afar() -> None:
    tracker = Tracker()
    play(tracker, *[[at(0.10)]] * 3, [at(0.15, group="vehicle")])
    assert len(tracker.tracks) == 2


def test_the_number_of_tracks_is_bounded() -> None:
    tracker = Tracker()
    crowd = [at(0.01 * n, 0.02 * m, score=0.9) for n in range(90) for m in range(3)]
    tracker.update(crowd, 0.0)
    assert len(tracker.tracks) == MODEL_TRACKS.most


def test_every_moving_blob_is_tracked_whatever_its_score() -> None:
    tracker = Tracker(MOTION_TRACKS)
    play(tracker, *[[at(0.1 + 0.02 * n, score=0.5, group="motion")] for n in range(3)])
    assert len(tracker.confirmed) == 1


@pytest.mark.parametrize(("asked", "high"), [(0.45, 0.60), (0.65, 0.80), (0.25, 0.40)])
def test_thresholds_follow_what_the_camera_asks_for(asked: float, high: float) -> None:
    from dataclasses import replace

    assert asked_for(replace(MODEL_TRACKS, high=0.6), asked).high == pytest.approx(high)
