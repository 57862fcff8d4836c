from __future__ import annotations

import threading

from embedded_server.contract.live import DISCONTINUITY, KEY_FRAME, AccessUnit
from embedded_server.media.hub import StreamHub
from embedded_server.services.model import StreamFormat, StreamState, StreamStatus

FORMAT = StreamFormat("h264", b"", (1, 90_000), 640, 360)


def unit(pts: int, *, key: bool = False) -> AccessUnit:
    return AccessUnit(KEY_FRAME if key else 0, pts, 0, b"x" * 10)


def publish(hub: StreamHub, pts: range, gop: int = 10) -> None:
    for stamp in pts:
        hub.publish(unit(stamp, key=stamp % gop == 0))


def pts_of(items: list[object]) -> list[int]:
    return [item.pts for item in items if isinstance(item, AccessUnit)]


def test_a_newcomer_begins_with_the_current_group() -> None:
    hub = StreamHub()
    hub.publish_format(FORMAT)
    publish(hub, range(25))
    reader = hub.open(lambda: None)
    publish(hub, range(25, 27))
    items = reader.take()
    assert items[0] == FORMAT
    assert pts_of(items) == list(range(20, 27))


def test_without_a_group_a_newcomer_waits_for_a_key_frame() -> None:
    hub = StreamHub()
    reader = hub.open(lambda: None)
    publish(hub, range(5, 12))
    assert pts_of(reader.take()) == [10, 11]


def test_a_slow_reader_loses_whole_groups_and_is_told() -> None:
    hub = StreamHub()
    reader = hub.open(lambda: None, max_units=15)
    publish(hub, range(42))
    items = reader.take()
    counts = [item for item in items if isinstance(item, int)]
    assert pts_of(items) == [40, 41] or pts_of(items)[0] % 10 == 0
    assert sum(counts) + len(pts_of(items)) == 42
    first = next(item for item in items if isinstance(item, AccessUnit))
    assert first.is_key
    assert first.flags & DISCONTINUITY
    assert reader.dropped_total == sum(counts)


def test_bytes_are_bounded_too() -> None:
    hub = StreamHub()
    reader = hub.open(lambda: None, max_bytes=50)
    publish(hub, range(40))
    assert sum(isinstance(item, AccessUnit) for item in reader.take()) <= 10
    assert reader.dropped_total >= 30


def test_a_fast_reader_gets_everything_while_a_slow_one_loses() -> None:
    hub = StreamHub()
    slow, fast = hub.open(lambda: None, max_units=5), hub.open(lambda: None)
    got = []
    for stamp in range(100):
        publish(hub, range(stamp, stamp + 1))
        got += pts_of(fast.take())
    assert got == list(range(100))
    assert slow.dropped_total > 0


def test_wakes_once_between_takes() -> None:
    hub, woken = StreamHub(), []
    reader = hub.open(lambda: woken.append(1))
    publish(hub, range(5))
    assert len(woken) == 1
    reader.take()
    publish(hub, range(5, 6))
    assert len(woken) == 2


def test_a_lost_stream_hands_no_old_pictures_to_newcomers() -> None:
    hub = StreamHub()
    hub.publish_format(FORMAT)
    publish(hub, range(5))
    hub.publish_status(StreamStatus("a/main", StreamState.OFFLINE, "gone"))
    items = hub.open(lambda: None).take()
    assert pts_of(items) == []
    assert items[-1].state is StreamState.OFFLINE  # type: ignore[union-attr]


def test_readers_end_with_the_hub_and_closed_ones_leave() -> None:
    hub = StreamHub()
    stays, leaves = hub.open(lambda: None), hub.open(lambda: None)
    publish(hub, range(3))
    leaves.close()
    leaves.close()
    assert hub.has_readers
    hub.close()
    assert not stays.has_ended
    assert pts_of(stays.take()) == [0, 1, 2]
    assert stays.has_ended
    assert hub.open(lambda: None).has_ended


def test_many_threads_lose_and_double_nothing() -> None:
    hub = StreamHub()
    ready = threading.Event()
    reader = hub.open(ready.set, max_units=100_000)
    got: list[int] = []

    def read() -> None:
        while not reader.has_ended:
            ready.wait(1)
            ready.clear()
            got.extend(pts_of(reader.take()))

    thread = threading.Thread(target=read)
    thread.start()
    publish(hub, range(5000))
    hub.close()
    thread.join(10)
    assert got == list(range(5000))
