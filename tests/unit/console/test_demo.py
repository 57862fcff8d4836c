from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.demo import clips_in, read_cameras
from console.domain.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path


def test_every_clip_of_a_folder_is_a_camera(tmp_path: Path) -> None:
    for name in ("front_door.mp4", "yard.MKV", "notes.txt", ".hidden"):
        (tmp_path / name).touch()
    sources = clips_in(tmp_path)
    assert [source.name for source in sources] == ["Front door", "Yard"]
    assert all(source.url.startswith("file:///") for source in sources)


def test_main_and_sub_are_two_streams_of_one_camera(tmp_path: Path) -> None:
    for name in ("gate_main.mp4", "gate_sub.mp4", "road_sub.mp4", "main.mp4"):
        (tmp_path / name).touch()
    sources = {source.name: source for source in clips_in(tmp_path)}
    assert sorted(sources) == ["Gate", "Main", "Road"]
    assert sources["Gate"].url.endswith("gate_main.mp4")
    assert sources["Gate"].sub_url.endswith("gate_sub.mp4")
    assert (sources["Road"].url.rpartition("/")[2], sources["Road"].sub_url) == ("road_sub.mp4", "")


def test_a_folder_without_clips_or_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no video files"):
        clips_in(tmp_path)
    with pytest.raises(InvalidInput, match="not a folder"):
        clips_in(tmp_path / "nothing")


def test_the_line_of_the_sample_cameras_is_read() -> None:
    line = '{"cameras": [{"name": "Gate", "url": "rtsp://127.0.0.1:1/gate"}]}\n'
    assert read_cameras(line)[0]["name"] == "Gate"


@pytest.mark.parametrize("line", ["", "Traceback", "{}", '{"cameras": 1}'])
def test_any_other_line_is_none(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  JSON's own or ours
        read_cameras(line)
