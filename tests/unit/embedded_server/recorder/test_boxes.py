from __future__ import annotations

import io
import random
from typing import TYPE_CHECKING

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_server.media.fragments import FragmentedMux
from embedded_server.recorder.boxes import boxes, parse_header, parse_moof, scan
from tests.support.clips import numbers_of, write_clip
from tests.support.packets import packets_of

if TYPE_CHECKING:
    from pathlib import Path


def fragmented(path: Path) -> bytes:
    stream_format, packets = packets_of(path)
    mux = FragmentedMux(stream_format)
    parts = [mux.push(p.pts, p.dts, p.payload, is_key=p.is_key) for p in packets]
    return b"".join([*parts, mux.close()])


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return fragmented(write_clip(tmp_path_factory.mktemp("clip") / "a.mp4", frames=120, gop=30))


def test_reads_what_ffmpeg_wrote(segment: bytes) -> None:
    found = scan(io.BytesIO(segment), len(segment))
    assert (found.header.codec, found.header.width, found.header.height) == ("h264", 320, 240)
    assert found.whole_length == len(segment)
    assert found.duration_s == pytest.approx(8.0)
    starts = [entry.time_s for entry in found.fragments if entry.is_key]
    assert starts == pytest.approx([0, 2, 4, 6])
    assert all(entry.length for entry in found.fragments)
    sizes = [size for e in found.fragments for size in parse_moof(segment, e.offset).sizes]
    assert len(sizes) == 120


@pytest.mark.parametrize("codec", ["libx265", "mjpeg"])
def test_other_codecs(tmp_path: Path, codec: str) -> None:
    data = fragmented(write_clip(tmp_path / "a.mov", frames=30, codec=codec))  # type: ignore[arg-type]
    found = scan(io.BytesIO(data), len(data), distrust_tail=True)
    assert found.whole_length == len(data)
    assert found.duration_s == pytest.approx(2.0)


def test_a_cut_anywhere_keeps_every_whole_fragment(segment: bytes, tmp_path: Path) -> None:
    whole = scan(io.BytesIO(segment), len(segment))
    ends = [entry.offset + entry.length for entry in whole.fragments]
    for at in random.Random(5).sample(range(whole.header_length, len(segment)), 200):
        found = scan(io.BytesIO(segment[:at]), at, distrust_tail=True)
        assert found.whole_length == max([found.header_length, *(e for e in ends if e <= at)])
    path = tmp_path / "cut.mp4"
    path.write_bytes(segment[: ends[5]])
    assert numbers_of(path) == list(range(len(numbers_of(path))))


def test_zeros_behind_a_power_cut_are_not_footage(segment: bytes) -> None:
    whole = scan(io.BytesIO(segment), len(segment))
    ends = [whole.header_length, *(e.offset + e.length for e in whole.fragments)]
    for at in random.Random(6).sample(range(whole.header_length + 1, len(segment) - 100), 60):
        data = segment[:at] + bytes(len(segment) - at)
        found = scan(io.BytesIO(data), len(data), distrust_tail=True)
        assert found.whole_length == max(end for end in ends if end <= at)


def test_no_header_is_an_error(segment: bytes) -> None:
    for data in (b"", b"\0" * 500, segment[:200], b"nonsense" * 50):
        with pytest.raises(ValueError, match="header"):
            scan(io.BytesIO(data), len(data))


@given(st.binary(max_size=300))
def test_garbage_is_survived(data: bytes) -> None:
    list(boxes(data))
    for parse in (parse_header, parse_moof):
        with pytest.raises(ValueError, match=r"header|fragment"):
            parse(data)


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
def test_flipped_bytes_are_survived(segment: bytes, at: int, change: bytes) -> None:
    data = segment[:at] + change + segment[at + len(change) :]
    try:
        found = scan(io.BytesIO(data), len(data), distrust_tail=True)
    except ValueError:
        return
    assert found.whole_length <= len(data)


def test_ffmpeg_plays_a_cut_file_without_complaint(segment: bytes) -> None:
    found = scan(io.BytesIO(segment), len(segment) - 7)
    with av.open(io.BytesIO(segment[: found.whole_length])) as container:
        frames = sum(1 for _ in container.decode(video=0))
    expected = sum(len(parse_moof(segment, entry.offset).sizes) for entry in found.fragments)
    assert frames == expected
