from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from embedded_server.media.errors import CameraLost, Unsupported
from embedded_server.media.packet import Packet, RawPacket
from embedded_server.media.session import Session, SourceFacts
from embedded_server.services.model import StreamFormat
from tests.support.clips import write_clip
from tests.support.packets import packets_of

if TYPE_CHECKING:
    from pathlib import Path

FACTS = SourceFacts("h264", b"", (1, 90_000), 0, 0, 15.0)


def raw(packet: Packet, number: int) -> RawPacket:
    return RawPacket(number * 6000, number * 6000, packet.is_key, packet.payload, number * 66_667)


def feed(session: Session, packets: list[Packet]) -> list[StreamFormat | Packet]:
    return [item for n, packet in enumerate(packets) for item in session.feed(raw(packet, n))]


def test_begins_with_format_and_key_frame(tmp_path: Path) -> None:
    _, packets = packets_of(write_clip(tmp_path / "a.mp4", frames=30, gop=10))
    items = feed(Session(FACTS, shown="cam"), packets[5:])
    assert isinstance(items[0], StreamFormat)
    assert (items[0].width, items[0].height) == (320, 240)
    assert isinstance(items[1], Packet)
    assert items[1].is_key
    assert len(items) == 1 + 20


def test_another_resolution_is_another_format(tmp_path: Path) -> None:
    _, small = packets_of(write_clip(tmp_path / "a.mp4", frames=10, gop=10))
    _, large = packets_of(write_clip(tmp_path / "b.mp4", frames=10, gop=10, width=640, height=480))
    items = feed(Session(FACTS, shown="cam"), small + large)
    formats = [item for item in items if isinstance(item, StreamFormat)]
    assert [each.width for each in formats] == [320, 640]
    assert isinstance(items[items.index(formats[1]) + 1], Packet)


def test_jpegs_of_another_size_are_another_format(tmp_path: Path) -> None:
    facts = replace(FACTS, codec="mjpeg")
    _, small = packets_of(write_clip(tmp_path / "a.mov", frames=3, codec="mjpeg"))
    _, large = packets_of(write_clip(tmp_path / "b.mov", frames=3, codec="mjpeg", width=640))
    items = feed(Session(facts, shown="cam"), small + large)
    assert [item.width for item in items if isinstance(item, StreamFormat)] == [320, 640]


def test_sets_told_only_at_the_opening_are_put_before_key_frames(tmp_path: Path) -> None:
    stream_format, packets = packets_of(write_clip(tmp_path / "a.mp4", frames=3))
    bare = packets[0].payload.replace(stream_format.extradata, b"")
    session = Session(replace(FACTS, parameter_sets=stream_format.extradata), shown="cam")
    items = feed(session, [packets[0]._replace(payload=bare), *packets[1:]])
    assert isinstance(items[1], Packet)
    assert stream_format.extradata in items[1].payload


def test_a_codec_that_is_not_for_us_says_so() -> None:
    with pytest.raises(Unsupported, match=r"codec vp8.*H\.264"):
        Session(replace(FACTS, codec="vp8"), shown="cam")


def test_garbage_ends_the_session_after_a_while() -> None:
    session = Session(FACTS, shown="cam")
    list(session.feed(RawPacket(0, 0, True, b"rubbish", 0)))
    with pytest.raises(CameraLost, match="not video"):
        list(session.feed(RawPacket(1, 1, True, b"rubbish", 6_000_000)))


def test_no_key_frame_ends_the_session_after_a_while(tmp_path: Path) -> None:
    _, packets = packets_of(write_clip(tmp_path / "a.mp4", frames=10))
    session = Session(FACTS, shown="cam")
    feed(session, packets[1:])
    late = raw(packets[2], 0)._replace(wall_us=30_000_000, pts=10**6, dts=10**6)
    later = [late._replace(dts=10**6 + s, wall_us=(30 + s) * 10**6) for s in range(2)]
    with pytest.raises(CameraLost, match="key frame"):
        [list(session.feed(packet)) for packet in later]
