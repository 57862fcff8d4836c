"""What a thing is called: labels gathered into groups, classes by vote, sentences for the operator's list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PERSON, VEHICLE, ANIMAL, MOTION = "person", "vehicle", "animal", "motion"

_VEHICLES = "car truck bus motorbike motorcycle bicycle train lorry van boat tractor vehicle auto"
_ANIMALS = "bird cat dog horse sheep cow elephant bear zebra giraffe animal"
_PERSONS = "person people pedestrian human man woman child face"
GROUPS: Mapping[str, str] = {
    **dict.fromkeys(_VEHICLES.split(), VEHICLE),
    **dict.fromkeys(_ANIMALS.split(), ANIMAL),
    **dict.fromkeys(_PERSONS.split(), PERSON),
}
"""Model labels that mean the same to an operator; gathered before tracking, because models waver among them."""


def group_of(label: str) -> str:
    """The group of a label; a label of no group is one of its own."""
    return GROUPS.get(label.lower(), label)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What something is held to be. ``is_like`` says that only shape and votes speak for it, no trained model."""

    label: str
    confidence: float
    is_like: bool = False


@dataclass(slots=True)
class Looks:
    """Votes of the built-in detector on one track: how often it looked, and what it saw."""

    looks: int = 0
    persons: int = 0
    vehicles: int = 0

    @property
    def person_share(self) -> float:
        """Part of the looks that saw a person."""
        return self.persons / self.looks if self.looks else 0.0


@dataclass(frozen=True, slots=True)
class Shape:
    """What the motion track itself says; ``tallness`` is height : width in pixels."""

    tallness: float
    size: float
    speed: float


def judge(looks: Looks, shape: Shape) -> Verdict:
    """Person-like, vehicle-like, or just something that moves.

    Never sure: a couple is as wide as a car, so vehicle-like needs size or speed in its favour.
    """
    if looks.looks < 2:
        return Verdict(MOTION, 0.5, is_like=True)
    if shape.tallness >= 1.25 and looks.persons >= 2 and looks.person_share >= 0.3:
        return Verdict(PERSON, round(0.5 + 0.25 * looks.person_share, 3), is_like=True)
    is_big_or_fast = shape.size >= 0.08 or shape.speed >= 0.10
    if shape.tallness < 1.25 and looks.person_share < 0.3 and is_big_or_fast:
        return Verdict(VEHICLE, 0.6 if looks.vehicles else 0.55, is_like=True)
    return Verdict(MOTION, 0.5, is_like=True)


def place_name(camera_id: str, camera_name: str = "") -> str:
    """What the operator calls the camera: ``front_door`` reads ``Front door``."""
    if camera_name:
        return camera_name
    words = camera_id.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def summary(verdict: Verdict, *, camera: str, zone: str | None) -> str:
    """One sentence for a list: "Person in Yard (Gate 2)"."""
    what = verdict.label[:1].upper() + verdict.label[1:]
    if verdict.label == MOTION:
        what = "Large moving object"
    elif verdict.is_like:
        what = f"{what}-like moving object"
    return f"{what} in {zone} ({camera})" if zone else f"{what} in {camera}"
