"""One connection's packets on their way into its session, one by one or half a second at a time."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from embedded_server.media.fragments import FRAGMENT_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedded_server.media.packet import Packet, RawPacket
    from embedded_server.media.session import Session
    from embedded_server.services.model import StreamFormat


class Feed:
    """Packets that nobody watches wait for each other: one by one, with cold caches, each costs thrice as much.

    They wait by the recorder's own rule, until the packet that completes a fragment, so a kill costs no more
    footage than without it. Any thread may hand on what waits.
    """

    def __init__(
        self,
        session: Session,
        time_base: tuple[int, int],
        hand_on: Callable[[Sequence[StreamFormat | Packet]], None],
    ) -> None:
        self._session = session
        self._hand_on = hand_on
        self._fragment_ticks = FRAGMENT_S * time_base[1] / time_base[0]
        self._lock = threading.Lock()
        self._waiting: list[RawPacket] = []
        self._completed_dts = 0

    def take(self, raw: RawPacket, *, at_once: bool) -> None:
        """One packet more; ``at_once`` when somebody waits for it.

        Raises:
            CameraLost: what the session says.
        """
        with self._lock:
            self._waiting.append(raw)
            if self._completes(raw) or at_once:
                self._pass_on()

    def flush(self) -> None:
        """Hand on what waits.

        Raises:
            CameraLost: what the session says.
        """
        with self._lock:
            self._pass_on()

    def _completes(self, raw: RawPacket) -> bool:
        if raw.dts is None:
            return True
        if not raw.is_key and 0 <= raw.dts - self._completed_dts < self._fragment_ticks:
            return False
        self._completed_dts = raw.dts
        return True

    def _pass_on(self) -> None:
        waiting, self._waiting = self._waiting, []
        items = [item for raw in waiting for item in self._session.feed(raw)]
        if items:
            self._hand_on(items)
