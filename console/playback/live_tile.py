"""One live tile: picks the stream that suits its size and changes over without a black moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.playback.stream_choice import StreamChooser
from console.playback.truth import judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.playback.convert import Slot
    from console.playback.live import LiveFeed
    from console.playback.truth import Truth

GIVE_UP_CHANGE_S = 10.0


class LiveTile:
    """Feeds a slot from the best stream. ``open_feed`` opens the stream of a profile."""

    def __init__(
        self,
        slot: Slot,
        profiles: tuple[str, ...],
        open_feed: Callable[[str], LiveFeed],
        *,
        height: int,
        now_s: float,
    ) -> None:
        self.slot = slot
        self.profiles = profiles
        self._open_feed = open_feed
        self._chooser = StreamChooser(profiles)
        self.profile = self._chooser.choose(height, now_s)
        self.feed = open_feed(self.profile)
        slot.mailbox = self.feed.mailbox
        self._next: tuple[str, LiveFeed, float] | None = None

    def tick(self, height: int, now_s: float) -> None:
        """Look a few times a second whether another stream suits better, and finish a change-over."""
        if self.profile == "sub":
            self._chooser.learn_sub_height(self.feed.size[1])
        wanted = self._chooser.choose(height, now_s) if height else self.profile
        if self._next is None:
            if wanted != self.profile:
                self._next = (wanted, self._open_feed(wanted), now_s)
            return
        profile, feed, since_s = self._next
        if feed.has_picture:
            self._change_over(profile, feed)
        elif wanted != profile or (now_s - since_s > GIVE_UP_CHANGE_S and self.feed.has_picture):
            feed.close()
            self._next = None

    def truth(self, now_s: float) -> Truth:
        """What is true of the tile now."""
        return judge(self.feed.signs(), now_s)

    def set_watched(self, watched: bool) -> None:
        """Stop decoding while nobody can see it."""
        self.feed.set_watched(watched)

    def retry_now(self) -> None:
        """Do not wait for the next try."""
        self.feed.retry_now()

    def close(self) -> None:
        """Close all streams."""
        self.feed.close()
        if self._next is not None:
            self._next[1].close()
            self._next = None

    def _change_over(self, profile: str, feed: LiveFeed) -> None:
        self.feed.close()
        self.feed, self.profile, self._next = feed, profile, None
        self.slot.mailbox = feed.mailbox
