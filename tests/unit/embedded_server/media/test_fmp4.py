from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av

from embedded_server.contract.live import KEY_FRAME, AccessUnit
from embedded_server.media.fmp4 import FragmentMuxer
from embedded_server.recorder.boxes import boxes, scan
from tests.support.clips import read_number, write_clip
from tests.support.packets import packets_of

if TYPE_CHECKING:
    from pathlib import Path

    from embedded_server.media.packet import Packet


def unit(packet: Packet, shift: int = 0) -> AccessUnit:
    return AccessUnit(KEY_FRAME * packet.is_key, packet.pts + shift, 0, packet.payload)


def test_initialisation_first_then_whole_fragments(tmp_path: Path) -> None:
    stream_format, packets = packets_of(write_clip(tmp_path / "a.mp4", frames=60))
    muxer = FragmentMuxer(stream_format)
    chunks = [chunk for packet in packets for chunk in muxer.push(unit(packet))]
    assert [box.kind for box in boxes(chunks[0])][:2] == [b"ftyp", b"moov"]
    for chunk in chunks[1:]:
        assert [box.kind for box in boxes(chunk)] == [b"moof", b"mdat"]
    with av.open(io.BytesIO(b"".join(chunks))) as container:
        numbers = [read_number(f.to_ndarray(format="gray8")) for f in container.decode(video=0)]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= 55


def test_waits_for_a_key_frame(tmp_path: Path) -> None:
    stream_format, packets = packets_of(write_clip(tmp_path / "a.mp4", frames=20, gop=10))
    muxer = FragmentMuxer(stream_format)
    assert not any(muxer.push(unit(packet)) for packet in packets[1:10])
    assert muxer.push(unit(packets[10]))


def test_a_jumping_clock_does_not_jump_in_the_browser(tmp_path: Path) -> None:
    stream_format, packets = packets_of(write_clip(tmp_path / "a.mp4", frames=30, gop=10))
    muxer = FragmentMuxer(stream_format)
    hour = 3600 * stream_format.time_base[1]
    shifts = [0] * 10 + [hour] * 10 + [-hour] * 10
    pushed = [muxer.push(unit(p, s)) for p, s in zip(packets, shifts, strict=True)]
    data = b"".join(chunk for chunks in pushed for chunk in chunks)
    assert scan(io.BytesIO(data), len(data)).duration_s < 3
