"""The analysis against hand-made truth; the clips and models are not part of this repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embedded_server.bench import detect

SHARED = Path(__file__).parents[5] / "shared"
MEDIA, MODELS = SHARED / "media", SHARED / "models"

pytestmark = pytest.mark.skipif(
    not (MEDIA / "lobby_sub.mp4").is_file() or not MODELS.is_dir(),
    reason="the clips and models of ../shared are not here",
)


def rows(model: str | None, *clips: str, **changes: object) -> tuple[dict, dict[str, dict]]:
    result = detect.run(
        MEDIA, MODELS / f"{model}.onnx" if model else None, [MEDIA / c for c in clips], **changes
    )
    json.dumps(result)  # it can be printed
    return result, {Path(row["clip"]).stem: row for row in result["clips"]}


@pytest.mark.parametrize("model", [None, "yolox_nano", "FastestDet"])
def test_every_person_and_car_is_an_event_and_nothing_else_is(model: str | None) -> None:
    result, clips = rows(model, "lobby_sub.mp4", "carpark_sub.mp4")
    assert result["recall"] == 1.0
    assert result["false_events"] == 0
    assert clips["lobby_sub"]["labels"]["person"] >= 3
    if model:
        assert result["ratio"] > 0.3
        assert result["peer"] == "onnxruntime"
    else:
        assert clips["carpark_sub"]["labels"] == {"vehicle": 4}


def test_a_class_map_names_the_cars_that_a_model_takes_for_phones() -> None:
    phones = dict.fromkeys(["cell phone", "remote", "tvmonitor", "suitcase", "bus"], "vehicle")
    _, clips = rows("yolox_nano", "carpark_sub.mp4", label_map=phones)
    assert clips["carpark_sub"]["named"] == 4
    assert clips["carpark_sub"]["false_events"] == 0


def test_people_on_the_plaza_are_found_and_the_lawn_is_watched() -> None:
    _, clips = rows("yolox_nano", "plaza_sub.mp4")
    plaza = clips["plaza_sub"]
    assert plaza["labels"]["person"] >= 20
    assert plaza["counts_near"] >= 14
    assert (plaza["zones_found"], plaza["zones_false"]) == (1, 0)


def test_vehicles_are_found_on_road_and_motorway() -> None:
    _, clips = rows("yolox_nano", "road_sub.mp4", "motorway_mjpeg.mov")
    for row in clips.values():
        assert row["labels"]["vehicle"] >= 25
        assert row["labels"]["vehicle"] >= 0.9 * row["events"]


def test_a_folder_is_analysed_once_for_each_scene(tmp_path: Path) -> None:
    names = [path.name for path, _ in detect._work(MEDIA, ())]
    assert "lobby_sub.mp4" in names
    assert "lobby_main.mp4" not in names
    assert "plaza_h265.mp4" not in names
    assert list(detect._work(tmp_path, ())) == []
