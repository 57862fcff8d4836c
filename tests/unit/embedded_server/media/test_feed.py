from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded_server.media.feed import Feed
from embedded_server.media.packet import Packet, RawPacket
from embedded_server.media.session import Session, SourceFacts
from tests.support.clips import write_clip
from tests.support.packets import packets_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embedded_server.services.model import StreamFormat

FPS = 15


class Handed:
    """What the feed hands on, as the numbers of packets that came together."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, items: Sequence[StreamFormat | Packet]) -> None:
        self.batches.append(sum(isinstance(item, Packet) for item in items))


@pytest.fixture
def raws(tmp_path: Path) -> list[RawPacket]:
    packets = packets_of(write_clip(tmp_path / "a.mp4", frames=60))[1]
    return [
        RawPacket(p.pts, p.dts, p.is_key, p.payload, number * 1_000_000 // FPS)
        for number, p in enumerate(packets)
    ]


def feed_into(handed: Handed) -> Feed:
    facts = SourceFacts("h264", b"", (1, 15_360), 0, 0, float(FPS))
    return Feed(Session(facts, shown="cam"), facts.time_base, handed)


def test_somebody_watching_gets_each_picture_at_once(raws: list[RawPacket]) -> None:
    handed = Handed()
    feed = feed_into(handed)
    for raw in raws:
        feed.take(raw, at_once=True)
    assert sum(handed.batches) == len(raws)
    assert max(handed.batches[1:]) == 1


def test_nobody_watching_they_come_half_a_second_at_a_time(raws: list[RawPacket]) -> None:
    handed = Handed()
    feed = feed_into(handed)
    for raw in raws:
        feed.take(raw, at_once=False)
    feed.flush()
    assert sum(handed.batches) == len(raws)
    assert max(handed.batches) <= FPS // 2 + 2  # the session holds the very first
    assert len(handed.batches) < len(raws) / 4


def test_what_waits_comes_when_it_is_asked_for_and_once(raws: list[RawPacket]) -> None:
    handed = Handed()
    feed = feed_into(handed)
    for raw in raws[:2]:
        feed.take(raw, at_once=True)
    feed.take(raws[2], at_once=False)
    before = sum(handed.batches)
    feed.flush()
    feed.flush()
    assert sum(handed.batches) == before + 1
