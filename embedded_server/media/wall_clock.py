"""When pictures were taken, from when they arrived.

A packet cannot arrive before its picture was taken, but it may arrive late: a connection begins with a burst of what piled
up while it was opened, and networks stall. Media time has neither fault, so wall time is media time plus the smallest
difference seen between the two. That smallest difference may creep up slowly, for a camera whose clock runs slow.
The reasoning is that of moonfire-nvr's design/time.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedded_server.media.packet import Packet

CREEP = 500e-6
"""By how much of the elapsed time the difference may grow: four times the drift of a poor quartz."""
BURST_SHARE = 0.5
"""Packets that come faster than this share of their own time steps are a burst."""
LONGEST_HOLD_US = 600_000
"""A stream that never settles is let through after this long."""


class WallClock:
    """Stamps the packets of one session. The first ones are held until the opening burst is over."""

    def __init__(self, ticks_per_second: float) -> None:
        self._us_per_tick = 1e6 / ticks_per_second
        self._held: list[Packet] | None = []
        self._offset_us = 0.0
        self._last: Packet | None = None

    def __call__(self, packet: Packet) -> list[Packet]:
        """The packets that are ready now, in order, with ``wall_us`` as the time they were taken."""
        if packet.is_discontinuous:
            released = self._release()
            self._held, self._last = [], None
            return [*released, *self._hold(packet)]
        if self._held is not None:
            return self._hold(packet)
        return [self._stamped(packet)]

    def _hold(self, packet: Packet) -> list[Packet]:
        held = self._held
        assert held is not None, "only called while holding"
        is_settled = bool(held) and self._is_in_step(held[-1], packet)
        held.append(packet)
        if is_settled or packet.wall_us - held[0].wall_us > LONGEST_HOLD_US:
            return self._release()
        return []

    def _is_in_step(self, before: Packet, packet: Packet) -> bool:
        step_us = (packet.dts - before.dts) * self._us_per_tick
        return packet.wall_us - before.wall_us >= BURST_SHARE * step_us

    def _release(self) -> list[Packet]:
        held, self._held = self._held or [], None
        if held:
            self._offset_us = min(self._difference(packet) for packet in held)
        return [self._stamped(packet) for packet in held]

    def _stamped(self, packet: Packet) -> Packet:
        if self._last is not None:
            self._offset_us += CREEP * (packet.dts - self._last.dts) * self._us_per_tick
        self._offset_us = min(self._offset_us, self._difference(packet))
        self._last = packet
        return packet._replace(wall_us=round(packet.dts * self._us_per_tick + self._offset_us))

    def _difference(self, packet: Packet) -> float:
        return packet.wall_us - packet.dts * self._us_per_tick
