from __future__ import annotations

import av
import pytest

from console.playback.decode import CannotDecode, Decoder
from tests.support.clips import read_number, write_clip


def test_a_codec_that_cannot_be_decoded_is_told_in_a_sentence() -> None:
    with pytest.raises(CannotDecode, match="cannot be shown on this computer") as told:
        Decoder("vvc_x", b"")
    assert told.value.remedy


@pytest.mark.logs_warnings
def test_after_damage_it_waits_for_the_next_key_frame(tmp_path) -> None:  # type: ignore[no-untyped-def]
    clip = write_clip(tmp_path / "clip.mp4", frames=30, gop=10)
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        extradata = stream.codec_context.extradata or b""
        packets = [(bytes(p), p.is_keyframe) for p in container.demux(stream) if p.size]
    decoder = Decoder("h264", extradata)
    shown: list[int | None] = []
    for number, (payload, is_key) in enumerate(packets):
        hurt = b"\xff" * 40 if number == 14 else payload
        shown += [
            read_number(frame.to_ndarray(format="gray8"))
            for frame in decoder.decode(hurt, pts=number * 66_667, is_key=is_key)
        ]
    assert decoder.error_count == 1
    assert shown == [*range(14), *range(20, 30)]


def test_nothing_comes_before_the_first_key_frame() -> None:
    assert Decoder("h264", b"").decode(b"\0\0\0\1\x41abc", pts=0, is_key=False) == []
