from __future__ import annotations

import itertools

import pytest

from embedded_server.contract.live import KEY_FRAME, AccessUnit
from embedded_server.detector.decoding import Pace, StreamDecoder, UnsupportedCodec
from embedded_server.services.model import StreamFormat
from tests.support.made_video import encode, walk


@pytest.mark.parametrize(
    ("source", "wanted", "expected"), [(15, 5, 20), (25, 5, 20), (3, 5, 12), (30, 10, 40)]
)
def test_pictures_are_picked_evenly(source: int, wanted: float, expected: int) -> None:
    pace = Pace(wanted)
    taken = [n / source for n in range(4 * source) if pace.is_due(n / source)]
    assert len(taken) == expected
    gaps = [b - a for a, b in itertools.pairwise(taken)]
    assert max(gaps) <= 1 / min(source, wanted) + 1 / source


def test_a_jump_back_in_time_does_not_stop_the_pictures() -> None:
    pace = Pace(5)
    assert pace.is_due(1000.0)
    assert pace.is_due(0.0)
    assert not pace.is_due(0.1)


def test_every_third_picture_comes_out_with_its_times() -> None:
    clip = encode(walk(2.0))
    decoder = StreamDecoder(clip.stream_format, 5.0)
    samples = [sample for unit in clip.units for sample in decoder.push(unit)]
    assert [round(sample.media_s * 15) for sample in samples] == list(range(0, 30, 3))
    assert samples[1].wall_us == clip.units[3].wall_us
    assert samples[0].frame.grey(32, 18).shape == (18, 32)
    assert samples[0].frame.bgr().shape == (360, 640, 3)
    assert samples[0].frame.scaled(64, 36).shape == (36, 64, 3)


def test_decoding_waits_for_a_key_frame() -> None:
    clip = encode(walk(2.0))
    decoder = StreamDecoder(clip.stream_format, 15.0)
    assert [s for unit in clip.units[1:10] for s in decoder.push(unit)] == []
    assert [s for unit in clip.units[15:18] for s in decoder.push(unit)]


@pytest.mark.logs_warnings
def test_garbage_is_counted_and_the_next_key_frame_goes_on() -> None:
    clip = encode(walk(2.0))
    decoder = StreamDecoder(clip.stream_format, 15.0)
    list(decoder.push(clip.units[0]))
    list(decoder.push(AccessUnit(KEY_FRAME, 1, 0, b"\0\0\0\1\x65" + bytes(range(256)))))
    list(decoder.push(AccessUnit(0, 2, 0, b"nonsense")))
    assert [s for unit in clip.units[15:20] for s in decoder.push(unit)]


def test_an_unknown_codec_is_told_of() -> None:
    with pytest.raises(UnsupportedCodec, match="vp9 cannot be analysed"):
        StreamDecoder(StreamFormat("vp9", b"", (1, 90_000), 640, 360), 5.0)
