"""Live video for browsers: an initialisation segment and fragments, as Media Source Extensions want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_server.media.fragments import FragmentedMux

if TYPE_CHECKING:
    from embedded_server.contract.live import AccessUnit
    from embedded_server.services.model import StreamFormat

LIVE_FRAGMENT_S = 0.2
"""Shorter than on disk: a browser shows nothing of a fragment before its end."""


class FragmentMuxer:
    """Muxes one stream from its first key frame on.

    Make a new one when the format changes: its first bytes are a new initialisation segment.
    """

    def __init__(self, stream_format: StreamFormat) -> None:
        self._format = stream_format
        self._mux: FragmentedMux | None = None
        self._shift = 0
        self._last = 0
        self._step = max(1, stream_format.time_base[1] // (25 * stream_format.time_base[0]))
        self._max_step = 10 * stream_format.time_base[1] // stream_format.time_base[0]

    def push(self, unit: AccessUnit) -> list[bytes]:
        """What the unit completed: at first the initialisation segment, later now and then a fragment."""
        if self._mux is None:
            if not unit.is_key:
                return []
            self._mux = FragmentedMux(self._format, fragment_s=LIVE_FRAGMENT_S)
            self._last = unit.pts - self._step
        stamp = self._continuous(unit.pts)
        data = self._mux.push(stamp, stamp, bytes(unit.payload), is_key=unit.is_key)
        return [data] if data else []

    def _continuous(self, pts: int) -> int:
        """Over jumps of the camera's clock the browser's timeline simply goes on."""
        stamp = pts + self._shift
        if not 0 < stamp - self._last <= self._max_step:
            self._shift += self._last + self._step - stamp
            stamp = self._last + self._step
        self._last = stamp
        return stamp
