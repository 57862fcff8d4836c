from __future__ import annotations

from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pytest

from embedded_server.media.rendering import frame_at, last_picture, write_clip
from embedded_server.services.ports import RenderError
from tests.support import clips
from tests.support.packets import packets_of

if TYPE_CHECKING:
    from pathlib import Path


def number_of(jpeg: bytes) -> int | None:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return clips.read_number(np.asarray(picture, np.uint8))


@pytest.mark.parametrize(
    ("at_s", "number"), [(0.0, 0), (0.07, 1), (1.0, 15), (2.99, 44), (99.0, 89)]
)
def test_the_picture_shown_at_a_moment(tmp_path: Path, at_s: float, number: int) -> None:
    path = clips.write_clip(tmp_path / "a.mp4", frames=90)
    assert number_of(frame_at(path, at_s)) == number


@pytest.mark.parametrize("codec", ["libx264", "libx265", "mjpeg"])
def test_the_last_picture_of_a_group(tmp_path: Path, codec: str) -> None:
    path = clips.write_clip(tmp_path / "a.mov", frames=12, codec=codec)  # type: ignore[arg-type]
    stream_format, packets = packets_of(path)
    units = [packet.payload for packet in packets]
    jpeg = last_picture(stream_format.codec, stream_format.extradata, units, width=160)
    assert number_of(jpeg) == 11
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[:2] == (120, 160)


def test_a_clip_over_two_files_is_continuous(tmp_path: Path) -> None:
    one = clips.write_clip(tmp_path / "1.mp4", frames=60)
    two = clips.write_clip(tmp_path / "2.mp4", frames=60, first=60)
    target = tmp_path / "clip.mp4"
    write_clip([(one, 2.0, 99.0), (two, 0.0, 1.0)], target)
    assert clips.numbers_of(target) == list(range(30, 75))
    with av.open(str(target)) as container:
        times = [packet.dts for packet in container.demux(video=0) if packet.dts is not None]
    assert len(set(np.diff(times))) == 1
    assert [path.name for path in tmp_path.glob("clip*")] == ["clip.mp4"]


def test_damage_is_a_sentence(tmp_path: Path) -> None:
    path = clips.write_clip(tmp_path / "a.mp4", frames=90)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(RenderError, match="damaged"):
        frame_at(path, 1.0)
    (tmp_path / "b.mp4").write_bytes(b"nonsense" * 1000)
    with pytest.raises(RenderError, match="damaged"):
        frame_at(tmp_path / "b.mp4", 1.0)
    with pytest.raises(RenderError, match="not there"):
        frame_at(tmp_path / "c.mp4", 1.0)
    with pytest.raises(RenderError, match="no picture"):
        last_picture("h264", b"", [b"nonsense"])


def test_no_footage_leaves_no_file(tmp_path: Path) -> None:
    one = clips.write_clip(tmp_path / "1.mp4", frames=15)
    with pytest.raises(RenderError, match="no footage"):
        write_clip([(one, 0.0, 0.0)], tmp_path / "clip.mp4")
    assert not list(tmp_path.glob("clip*"))
