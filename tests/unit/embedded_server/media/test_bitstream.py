from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_server.media import bitstream
from tests.support.clips import write_clip
from tests.support.packets import packets_of

if TYPE_CHECKING:
    from pathlib import Path

SIZES = [(320, 240), (640, 360), (322, 182), (1280, 720), (96, 66)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("codec", ["libx264", "libx265", "mjpeg"])
def test_size_is_read_from_the_stream_itself(
    tmp_path: Path, codec: str, size: tuple[int, int]
) -> None:
    width, height = size
    path = write_clip(tmp_path / "a.mov", frames=3, codec=codec, width=width, height=height)  # type: ignore[arg-type]
    stream_format, packets = packets_of(path)
    data = stream_format.extradata or packets[0].payload
    assert bitstream.picture_size(stream_format.codec, data) == size
    assert bitstream.looks_like(stream_format.codec, packets[0].payload)
    assert bitstream.is_slice_key(stream_format.codec, packets[0].payload)


def test_key_frames_carry_their_parameter_sets(tmp_path: Path) -> None:
    stream_format, packets = packets_of(write_clip(tmp_path / "a.mp4", frames=40, gop=10))
    keys = [packet for packet in packets if packet.is_key]
    assert len(keys) == 4
    for key in keys:
        assert bitstream.parameter_sets("h264", key.payload) == stream_format.extradata


def test_sets_are_put_behind_the_delimiter() -> None:
    delimiter, key, sets = b"\0\0\0\1\x09\xf0", b"\0\0\0\1\x65abc", b"\0\0\0\1\x67s"
    assert bitstream.with_parameter_sets("h264", delimiter + key, sets) == delimiter + sets + key
    assert bitstream.with_parameter_sets("h264", key, sets) == sets + key


def test_repeated_sets_count_once() -> None:
    sets = b"\0\0\0\1\x67s\0\0\0\1\x68p"
    assert bitstream.parameter_sets("h264", sets + sets + b"\0\0\0\1\x65abc") == sets


def test_length_prefixed_units_become_annex_b() -> None:
    assert bitstream.to_annexb(b"\0\0\0\2ab\0\0\0\1c", 4) == b"\0\0\0\1ab\0\0\0\1c"
    assert bitstream.to_annexb(b"\0\0\0\2ab\0\0\0\x09c", 4) == b"\0\0\0\1ab"


@given(st.binary(max_size=200), st.sampled_from(["h264", "hevc", "mjpeg"]))
def test_garbage_is_survived(data: bytes, codec: str) -> None:
    bitstream.looks_like(codec, data)
    bitstream.parameter_sets(codec, data)
    bitstream.split_extradata(codec, data)
    bitstream.picture_size(codec, b"\0\0\0\1\x67" + data)
    bitstream.picture_size(codec, b"\xff\xd8" + data)
    bitstream.to_annexb(data, 4)


def test_garbage_does_not_look_like_video() -> None:
    for codec in bitstream.CODECS:
        assert not bitstream.looks_like(codec, b"GET / HTTP/1.0 and so on")
