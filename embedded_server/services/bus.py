"""The in-process bus: services publish after commit, sockets subscribe."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from embedded_server.contract.system import SocketMessage

if TYPE_CHECKING:
    from types import TracebackType

CHANNEL_EVENTS = "events"
CHANNEL_SYSTEM = "system"
CHANNEL_DETECTIONS = "detections"
CHANNELS = (CHANNEL_EVENTS, CHANNEL_SYSTEM, CHANNEL_DETECTIONS)

MAX_QUEUED = 1000
MAX_QUEUED_BYTES = 1_000_000
"""Both bounds: a thousand messages of 30 kB were 31 MB for one client (catalogue spike, section 6)."""


@dataclass(frozen=True, slots=True)
class Published:
    """A message and its JSON, made once for all subscribers."""

    message: SocketMessage
    text: str


class Subscription:
    """What one subscriber has still to read; iterate over it, close it when done.

    When it falls behind, the oldest messages are dropped and the reader gets one message of type
    ``missed`` in their place, whose ``data`` has ``count`` and the ``first_seq`` and ``last_seq`` of what was lost.
    """

    def __init__(self, owner: Bus, channel: str) -> None:
        self.channel = channel
        self.dropped = 0
        self._owner = owner
        self._queue: deque[Published] = deque()
        self._bytes = 0
        self._missed: list[Published] = []
        self._missed_count = 0
        self._wake = asyncio.Event()
        self._is_closed = False

    def offer(self, published: Published) -> None:
        """Queue a message for the reader; never blocks."""
        self._queue.append(published)
        self._bytes += len(published.text)
        while len(self._queue) > 1 and (
            len(self._queue) > MAX_QUEUED or self._bytes > MAX_QUEUED_BYTES
        ):
            self._drop_oldest()
        self._wake.set()

    def __aiter__(self) -> Self:
        """Itself; there is one reader."""
        return self

    async def __anext__(self) -> Published:
        """The next message, or the end when closed."""
        while not self._missed_count and not self._queue:
            if self._is_closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        if self._missed_count:
            return self._missed_notice()
        published = self._queue.popleft()
        self._bytes -= len(published.text)
        return published

    def close(self) -> None:
        """End the subscription; a waiting reader sees the end."""
        self._is_closed = True
        self._owner.forget(self)
        self._wake.set()

    def __enter__(self) -> Self:
        """For ``with bus.subscribe(...) as subscription``."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _drop_oldest(self) -> None:
        lost = self._queue.popleft()
        self._bytes -= len(lost.text)
        self.dropped += 1
        self._missed_count += 1
        self._missed[1:] = [lost]

    def _missed_notice(self) -> Published:
        message = SocketMessage(
            type="missed",
            data={
                "count": self._missed_count,
                "first_seq": self._missed[0].message.seq,
                "last_seq": self._missed[-1].message.seq,
            },
            timestamp=datetime.now(UTC),
        )
        self._missed_count = 0
        self._missed.clear()
        return Published(message, message.model_dump_json())


class Bus:
    """Channels of messages; everything happens in the server's event loop."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, set[Subscription]] = {name: set() for name in CHANNELS}

    def publish(self, channel: str, message: SocketMessage) -> None:
        """Hand a message to everyone who listens; never blocks and never fails for a slow one."""
        listeners = self._subscriptions[channel]
        if not listeners:
            return
        published = Published(message, message.model_dump_json())
        for subscription in tuple(listeners):
            subscription.offer(published)

    def subscribe(self, channel: str) -> Subscription:
        """Listen from now on.

        Raises:
            KeyError: there is no such channel.
        """
        subscription = Subscription(self, channel)
        self._subscriptions[channel].add(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Stop handing messages to a subscription."""
        self._subscriptions[subscription.channel].discard(subscription)

    def close(self) -> None:
        """End every subscription."""
        for listeners in self._subscriptions.values():
            for subscription in tuple(listeners):
                subscription.close()
