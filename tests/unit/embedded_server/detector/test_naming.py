from __future__ import annotations

import pytest

from embedded_server.detector.naming import (
    Looks,
    Shape,
    Verdict,
    group_of,
    judge,
    place_name,
    summary,
)

TALL, WIDE = Shape(2.2, 0.1, 0.05), Shape(0.6, 0.15, 0.2)


@pytest.mark.parametrize(
    ("looks", "shape", "label"),
    [
        (Looks(0, 0), TALL, "motion"),
        (Looks(1, 1), TALL, "motion"),
        (Looks(4, 3), TALL, "person"),
        (Looks(10, 2), TALL, "motion"),
        (Looks(4, 0), WIDE, "vehicle"),
        (Looks(4, 0, 1), WIDE, "vehicle"),
        (Looks(4, 0), Shape(0.6, 0.03, 0.02), "motion"),
        (Looks(4, 3), Shape(1.1, 0.2, 0.1), "motion"),  # a couple arm in arm is as wide as a car
    ],
)
def test_shape_and_votes_name_a_thing_only_together(looks: Looks, shape: Shape, label: str) -> None:
    verdict = judge(looks, shape)
    assert verdict.label == label
    assert verdict.is_like
    assert verdict.confidence < 0.9


def test_labels_of_one_meaning_are_one_group() -> None:
    assert {group_of(name) for name in ("car", "Truck", "motorbike", "train")} == {"vehicle"}
    assert group_of("cell phone") == "cell phone"


def test_sentences() -> None:
    person, like = Verdict("person", 0.9), Verdict("person", 0.7, is_like=True)
    assert summary(person, camera="Lobby", zone=None) == "Person in Lobby"
    assert summary(like, camera="Lobby", zone=None) == "Person-like moving object in Lobby"
    assert summary(person, camera="Gate", zone="Yard") == "Person in Yard (Gate)"
    assert (
        summary(Verdict("motion", 0.5), camera="Gate", zone=None) == "Large moving object in Gate"
    )


def test_a_camera_without_a_name_is_called_by_its_slug() -> None:
    assert place_name("front_door") == "Front door"
    assert place_name("front_door", "Main entrance") == "Main entrance"
