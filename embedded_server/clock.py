"""The real clock."""

import time
from datetime import UTC, datetime


class SystemClock:
    """Wall time in UTC and a monotonic counter."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()
