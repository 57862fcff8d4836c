"""Footage of one camera as groups of pictures that decode on their own.

A group is read with one request; headers, indexes and the last groups are kept. Blocking: it lives in the
playback thread of its camera.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import OrderedDict
from concurrent.futures import CancelledError
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from console.domain.errors import ConsoleError, TimedOut
from console.domain.footage import SEGMENT_SEAM, TimeRange
from console.playback.footage_source import to_moment, to_us
from console.playback.sample_table import DamagedFootage, read_header, read_samples

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from console.domain.footage import SegmentIndex, SegmentRef
    from console.playback.footage_source import FootageSource
    from console.playback.sample_table import Sample, TrackHeader

ANSWER_TIMEOUT_S = 10.0
_BEHIND = timedelta(minutes=2)
_AHEAD = timedelta(minutes=15)
_LOOK_BACK = timedelta(hours=12)
_RELOAD_S = 0.4
"""Near the live edge the list and the open index are asked for again this often at most."""
_KEPT_GROUPS = 4
_KEPT_FILES = 24
_SEAM_US = SEGMENT_SEAM // timedelta(microseconds=1)

Answer = TypeVar("Answer")
Kept = TypeVar("Kept")
Value = TypeVar("Value")


class CannotRead(ConsoleError):
    """The footage is there, but it cannot be read."""


@dataclass(frozen=True, slots=True)
class Group:
    """A key frame and the pictures that depend on it."""

    segment: SegmentRef
    track: TrackHeader
    key_fragment: int
    fragments: int
    """How many fragments of it were read; one that is still being recorded grows."""
    start_us: int
    """Wall time of media time 0 of the segment."""
    data: bytes
    samples: tuple[Sample, ...]
    order: tuple[int, ...]
    """Wall time of each picture, in the order shown."""
    end_us: int
    """Where its last picture ends."""

    def picture_at(self, at_us: int) -> int:
        """Wall time of the picture that is shown at a moment of this group."""
        return self.order[max(0, bisect_right(self.order, at_us) - 1)]

    def until(self, shown_us: int) -> int:
        """When the picture that begins at ``shown_us`` gives way to the next."""
        place = bisect_right(self.order, shown_us)
        return self.order[place] if place < len(self.order) else self.end_us


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is no footage at a moment: why, and where it goes on."""

    cause: str | None
    start_us: int | None
    end_us: int | None
    next_us: int | None
    is_edge: bool = False
    """Nothing *yet*: it is being recorded."""


class FootageReader:
    """Finds and reads groups of one camera."""

    def __init__(
        self, source: FootageSource, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._clock = clock
        self._segments: list[SegmentRef] = []
        self._starts: list[int] = []
        self._covered: TimeRange | None = None
        self._listed_s = -1e9
        self._indexes: OrderedDict[str, tuple[SegmentIndex, float]] = OrderedDict()
        self._tracks: OrderedDict[str, TrackHeader] = OrderedDict()
        self._groups: OrderedDict[tuple[str, int, int], Group] = OrderedDict()
        self._ahead: tuple[tuple[str, int, int], Future[bytes]] | None = None
        self.requests = 0
        """How many reads of a file were asked for."""

    def group_at(self, at_us: int) -> Group | Nothing:
        """The group whose time holds that moment.

        Raises:
            ConsoleError: the system does not answer, or the file is damaged.
        """
        segment = self._segment_at(at_us)
        if segment is None:
            return self._nothing(at_us)
        index = self._index(segment, at_us)
        if not index.fragments:
            return Nothing(None, None, None, None, is_edge=segment.is_open)
        first = _key_fragment(index, at_us - to_us(segment.span.start))
        return self._settled(index, self._group(index, first), at_us)

    def group_after(self, group: Group) -> Group | Nothing:
        """What is shown after a group: the same with more pictures while it is recorded, or the next."""
        index = self._index(group.segment, group.end_us + 1)
        until = _group_end(index, group.key_fragment)
        if until - group.key_fragment > group.fragments:
            return self._group(index, group.key_fragment)
        if until < len(index.fragments):
            return self._group(index, until)
        following = self._segment_after(group.segment)
        if following is not None and to_us(following.span.start) - group.end_us <= _SEAM_US:
            index = self._index(following, to_us(following.span.start))
            return self._group(index, 0) if index.fragments else Nothing(None, None, None, None)
        if index.segment.is_open:
            return Nothing(None, None, None, None, is_edge=True)
        return self._nothing(group.end_us)

    def read_ahead(self, group: Group) -> None:
        """Ask for the bytes of the group after this one, without waiting for them."""
        index, _ = self._indexes.get(group.segment.name, (None, 0.0))
        if index is None or self._ahead is not None:
            return
        first = _group_end(index, group.key_fragment)
        until = _group_end(index, first) if first < len(index.fragments) else first
        key = (index.segment.name, first, until)
        if first == until or key in self._groups:
            return
        begin, end = index.fragments[first], index.fragments[until - 1]
        length = end.offset + end.length - begin.offset
        self.requests += 1
        self._ahead = key, self._source.read(index.segment, begin.offset, length)

    # -- segments ------------------------------------------------------------------------------------

    def _segment_at(self, at_us: int) -> SegmentRef | None:
        found = self._known_segment(at_us)
        is_covered = self._covered is not None and self._covered.contains(to_moment(at_us))
        if found is not None and (is_covered or not found.is_open):
            return found
        if is_covered and self._clock() - self._listed_s < _RELOAD_S:
            return found
        self._list(at_us)
        return self._known_segment(at_us)

    def _known_segment(self, at_us: int) -> SegmentRef | None:
        place = bisect_right(self._starts, at_us) - 1
        if place < 0:
            return None
        segment = self._segments[place]
        end = to_us(segment.span.end)
        if at_us < end or segment.is_open:
            return segment if at_us < end + 60_000_000 else None
        is_seam = place + 1 < len(self._starts) and self._starts[place + 1] - end <= _SEAM_US
        return segment if is_seam else None

    def _segment_after(self, segment: SegmentRef) -> SegmentRef | None:
        start = to_us(segment.span.start)
        place = bisect_right(self._starts, start)
        if place >= len(self._segments) and self._clock() - self._listed_s > _RELOAD_S:
            self._list(start)
            place = bisect_right(self._starts, start)
        return self._segments[place] if place < len(self._segments) else None

    def _list(self, at_us: int) -> None:
        moment = to_moment(at_us)
        asked = TimeRange(moment - _BEHIND, moment + _AHEAD)
        listed = _answer(self._source.segments(asked))
        found = sorted(listed, key=lambda ref: ref.span.start)
        self._segments = found
        self._starts = [to_us(ref.span.start) for ref in found]
        self._covered, self._listed_s = asked, self._clock()
        for ref in found:
            kept = self._indexes.get(ref.name)
            if kept is not None and kept[0].segment.is_open and not ref.is_open:
                del self._indexes[ref.name]

    def _nothing(self, at_us: int) -> Nothing:
        moment = to_moment(at_us)
        asked = TimeRange(moment - _LOOK_BACK, moment + _LOOK_BACK)
        cause: str | None = None
        start_us = end_us = None
        later: list[int] = []
        for footage in _answer(self._source.runs(asked)):
            later += [to_us(run.start) for run in footage.runs if run.start > moment]
            for gap in footage.gaps:
                if gap.start <= moment and (gap.end is None or moment < gap.end):
                    cause, start_us = gap.cause, to_us(gap.start)
                    end_us = None if gap.end is None else to_us(gap.end)
        return Nothing(cause, start_us, end_us, min(later, default=None))

    # -- files ---------------------------------------------------------------------------------------

    def _settled(self, index: SegmentIndex, group: Group, at_us: int) -> Group:
        """The neighbour, where an index with rounded times pointed beside the right group."""
        until = group.key_fragment + group.fragments
        if at_us >= group.end_us and until < len(index.fragments):
            return self._group(index, until)
        if at_us < group.order[0] and group.key_fragment > 0:
            return self._group(index, _key_before(index, group.key_fragment))
        return group

    def _index(self, segment: SegmentRef, at_us: int) -> SegmentIndex:
        kept = self._indexes.get(segment.name)
        if kept is not None and not self._is_stale(*kept, at_us):
            self._indexes.move_to_end(segment.name)
            return kept[0]
        index = _answer(self._source.index(segment))
        self._indexes[segment.name] = (index, self._clock())
        _forget_oldest(self._indexes, _KEPT_FILES)
        return index

    def _is_stale(self, index: SegmentIndex, read_s: float, at_us: int) -> bool:
        if not index.segment.is_open or self._clock() - read_s < _RELOAD_S:
            return False
        if not index.fragments:
            return True
        last = to_us(index.segment.span.start) + round(index.fragments[-1].time_s * 1e6)
        return at_us > last

    def _track(self, index: SegmentIndex) -> TrackHeader:
        name = index.segment.name
        if name not in self._tracks:
            self.requests += 1
            header = _answer(self._source.read(index.segment, 0, index.header_length))
            try:
                self._tracks[name] = read_header(header)
            except DamagedFootage as fault:
                raise _damaged(fault) from fault
            _forget_oldest(self._tracks, _KEPT_FILES)
        return self._tracks[name]

    def _group(self, index: SegmentIndex, first: int) -> Group:
        until = _group_end(index, first)
        key = (index.segment.name, first, until)
        if key not in self._groups:
            self._groups[key] = self._read_group(index, first, until, key)
            _forget_oldest(self._groups, _KEPT_GROUPS)
        self._groups.move_to_end(key)
        return self._groups[key]

    def _read_group(
        self, index: SegmentIndex, first: int, until: int, key: tuple[str, int, int]
    ) -> Group:
        begin, end = index.fragments[first], index.fragments[until - 1]
        ahead, self._ahead = self._ahead, None
        if ahead is not None and ahead[0] == key:
            reading = ahead[1]
        else:
            self.requests += 1
            length = end.offset + end.length - begin.offset
            reading = self._source.read(index.segment, begin.offset, length)
        track = self._track(index)
        data = _answer(reading)
        try:
            samples = tuple(read_samples(data, track))
        except DamagedFootage as fault:
            raise _damaged(fault) from fault
        if not samples:
            raise _damaged(DamagedFootage("a fragment holds no picture"))
        start_us = to_us(index.segment.span.start)
        order = sorted(start_us + sample.time_us for sample in samples)
        last = max(samples, key=lambda sample: sample.time_us)
        return Group(
            segment=index.segment,
            track=track,
            key_fragment=first,
            fragments=until - first,
            start_us=start_us,
            data=data,
            samples=samples,
            order=tuple(order),
            end_us=start_us + last.time_us + _length(last, order),
        )


def _length(last: Sample, order: list[int]) -> int:
    if last.duration_us > 0:
        return last.duration_us
    return min((b - a for a, b in pairwise(order)), default=100_000)


def _key_fragment(index: SegmentIndex, media_us: int) -> int:
    """The last fragment with a key frame that begins at or before a media time."""
    found = 0
    for number, fragment in enumerate(index.fragments):
        if round(fragment.time_s * 1e6) > media_us:
            break
        if fragment.is_key:
            found = number
    return found


def _key_before(index: SegmentIndex, fragment: int) -> int:
    return max((n for n in range(fragment) if index.fragments[n].is_key), default=0)


def _group_end(index: SegmentIndex, first: int) -> int:
    """Number of the fragment after the group that begins with ``first``."""
    later = range(first + 1, len(index.fragments))
    return next((n for n in later if index.fragments[n].is_key), len(index.fragments))


def _answer(future: Future[Answer]) -> Answer:
    try:
        return future.result(timeout=ANSWER_TIMEOUT_S)
    except TimeoutError as fault:
        future.cancel()
        raise TimedOut(
            "The system does not send the footage in time.", remedy="Try again in a moment."
        ) from fault
    except CancelledError as fault:
        raise CannotRead("Reading the footage was cancelled.") from fault


def _damaged(fault: DamagedFootage) -> CannotRead:
    return CannotRead(
        f"The footage at this moment cannot be played: {fault}.",
        remedy="Step over it; the rest of the recording is not affected.",
    )


def _forget_oldest(kept: OrderedDict[Kept, Value], count: int) -> None:
    while len(kept) > count:
        kept.popitem(last=False)
