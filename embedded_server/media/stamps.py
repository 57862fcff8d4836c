"""Repair of media time: missing stamps are filled in, jumps are marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_server.media.packet import Packet

if TYPE_CHECKING:
    from embedded_server.media.packet import RawPacket

MAX_STEP_S = 10.0
"""A longer step is a jump of the camera's clock, not a pause."""


class StampRepair:
    """Fills in and checks the stamps of one session.

    The first RTSP packet of H.264 and H.265 has neither pts nor dts: it is held until the next one
    tells its time. A step backwards or of more than ten seconds makes a packet discontinuous.
    """

    def __init__(self, ticks_per_second: float, *, fps: float = 25.0) -> None:
        self._ticks = ticks_per_second
        self._frame = max(1, round(ticks_per_second / fps))
        self._last: int | None = None
        self._held: list[RawPacket] = []

    def __call__(self, raw: RawPacket) -> list[Packet]:
        """The packets that are ready now, in order."""
        dts = raw.dts if raw.dts is not None else raw.pts
        if dts is None and self._last is None:
            self._held.append(raw)
            return []
        released = self._release(before=dts) if self._held and dts is not None else []
        return [*released, self._stamped(raw, dts)]

    def _release(self, *, before: int) -> list[Packet]:
        held, self._held = self._held, []
        return [
            self._stamped(raw, before - (len(held) - place) * self._frame)
            for place, raw in enumerate(held)
        ]

    def _stamped(self, raw: RawPacket, dts: int | None) -> Packet:
        last = self._last
        jumped = False
        if dts is None or (raw.dts is None and last is not None and self._is_reordered(dts)):
            dts = (last or 0) + (self._frame if raw.pts is None else 1)
        elif last is not None:
            step = dts - last
            dts = last + 1 if step == 0 else dts
            jumped = step < 0 or step > MAX_STEP_S * self._ticks
            if 0 < step <= self._ticks:
                self._frame = step
        self._last = dts
        pts = raw.pts if raw.pts is not None else dts
        return Packet(max(pts, dts), dts, raw.is_key, raw.payload, raw.wall_us, jumped)

    def _is_reordered(self, pts: int) -> bool:
        """A B-frame whose decoding time is not told: a little, but not far, in the past."""
        return self._last is not None and 0 <= self._last - pts < self._ticks / 2
