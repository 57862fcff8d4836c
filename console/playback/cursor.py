"""The exact picture for a moment of one camera, and its neighbours."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from console.playback.decode import Decoder
from console.playback.reader import Group, Nothing

if TYPE_CHECKING:
    from av import VideoFrame

    from console.playback.reader import FootageReader

KEPT_BYTES = 32 * 1024 * 1024
_LEAST_KEPT = 4


class Seen(NamedTuple):
    """A decoded picture of footage and the time for which it is shown."""

    frame: VideoFrame
    at_us: int
    until_us: int
    aspect: float


class Cursor:
    """Decodes along a camera's footage; pictures just decoded are kept for going back."""

    def __init__(self, reader: FootageReader, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._reader = reader
        self._kept_bytes = kept_bytes
        self._group: Group | None = None
        self._decoder: Decoder | None = None
        self._parameters: tuple[str, bytes] = ("", b"")
        self._fed = 0
        self._frames: OrderedDict[int, VideoFrame] = OrderedDict()
        self._size = 0
        self._newest_us = -1
        """Time of the last picture that came out of the decoder since it was restarted."""
        self._keeps_all = True

    def at(self, at_us: int) -> Seen | Nothing:
        """The picture that is shown at a moment: its time is not after it, that of the next one is.

        Raises:
            ConsoleError: the footage cannot be read or decoded.
        """
        self._keeps_all = True
        group = self._reader.group_at(at_us)
        if isinstance(group, Nothing):
            return group
        return self._seen(group, group.picture_at(at_us))

    def key_at(self, at_us: int) -> Seen | Nothing:
        """The key frame at or before a moment: quick, for scrubbing and high speed."""
        group = self._reader.group_at(at_us)
        if isinstance(group, Nothing):
            return group
        return self._seen(group, group.order[0])

    def after(self, seen: Seen) -> Seen | Nothing:
        """The picture after one that was seen; going forward, old pictures are let go."""
        self._keeps_all = False
        group = self._group
        if group is None or not group.order[0] <= seen.at_us < group.end_us:
            return self.at(seen.until_us)
        place = bisect_right(group.order, seen.at_us)
        if place < len(group.order):
            return self._seen(group, group.order[place])
        following = self._reader.group_after(group)
        if isinstance(following, Nothing):
            return following
        if following.order[0] == group.order[0]:  # the same one, grown meanwhile
            place = bisect_right(following.order, seen.at_us)
            if place >= len(following.order):
                return Nothing(None, None, None, None, is_edge=True)
            return self._seen(following, following.order[place])
        return self._seen(following, following.order[0])

    def before(self, seen: Seen) -> Seen | Nothing:
        """The picture before one that was seen."""
        group = self._group
        if group is not None and group.order[0] < seen.at_us <= group.order[-1]:
            place = bisect_left(group.order, seen.at_us) - 1
            return self._seen(group, group.order[place])
        return self.at(seen.at_us - 1)

    def read_ahead(self) -> None:
        """Fetch the bytes of the next group meanwhile."""
        if self._group is not None:
            self._reader.read_ahead(self._group)

    def _seen(self, group: Group, wanted_us: int) -> Seen | Nothing:
        frame = self._decoded(group, wanted_us)
        if frame is None:
            return Nothing("damaged", wanted_us, group.until(wanted_us), group.until(wanted_us))
        decoder = self._decoder
        aspect = frame.width / frame.height if decoder is None else decoder.aspect
        return Seen(frame, wanted_us, group.until(wanted_us), aspect)

    def _decoded(self, group: Group, wanted_us: int) -> VideoFrame | None:
        if group is not self._group:
            self._turn_to(group)
        frame = self._frames.get(wanted_us)
        if frame is None and self._is_past(group, wanted_us):
            self._restart()
        while frame is None and self._fed < len(group.samples):
            self._feed(group)
            frame = self._frames.get(wanted_us)
        if frame is None and self._decoder is not None:
            self._keep(self._decoder.drain())
            self._fed = len(group.samples) + 1
            frame = self._frames.get(wanted_us)
        return frame

    def _is_past(self, group: Group, wanted_us: int) -> bool:
        if self._fed > len(group.samples):
            return True
        return wanted_us <= self._newest_us

    def _turn_to(self, group: Group) -> None:
        grown = self._group
        self._group = group
        is_same = grown is not None and grown.order[0] == group.order[0]
        if is_same and grown is not None and self._fed <= len(grown.samples):
            return
        parameters = (group.track.codec, group.track.extradata)
        if self._decoder is None or parameters != self._parameters:
            self._decoder = Decoder(*parameters)
            self._parameters = parameters
        self._restart()

    def _restart(self) -> None:
        self._fed = 0
        self._newest_us = -1
        if self._decoder is not None:
            self._decoder.restart()

    def _feed(self, group: Group) -> None:
        sample = group.samples[self._fed]
        self._fed += 1
        assert self._decoder is not None
        payload = group.data[sample.offset : sample.offset + sample.size]
        pts = group.start_us + sample.time_us
        self._keep(self._decoder.decode(payload, pts=pts, is_key=sample.is_key or self._fed == 1))

    def _keep(self, frames: list[VideoFrame]) -> None:
        for frame in frames:
            if frame.pts is not None:
                self._size += 0 if frame.pts in self._frames else _bytes_of(frame)
                self._frames[frame.pts] = frame
                self._newest_us = max(self._newest_us, frame.pts)
        limit = self._kept_bytes if self._keeps_all else 0
        while self._size > limit and len(self._frames) > _LEAST_KEPT:
            _, oldest = self._frames.popitem(last=False)
            self._size -= _bytes_of(oldest)


def _bytes_of(frame: VideoFrame) -> int:
    return sum(plane.buffer_size for plane in frame.planes)
