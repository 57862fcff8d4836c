"""Where segments begin and end on the wall's clock: plain arithmetic.

Pictures arrive with jitter, and a camera's clock runs a little fast or slow. Segments of one unbroken
session therefore follow each other exactly, nudged towards the time of arrival by a few milliseconds.
"""

from __future__ import annotations

import zlib
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MAX_NUDGE = timedelta(milliseconds=20)
MAX_DRIFT = timedelta(milliseconds=500)


def next_start(previous_end: datetime | None, arrival: datetime) -> datetime:
    """Start of the segment whose first picture arrived at ``arrival``."""
    if previous_end is None:
        return arrival
    drift = arrival - previous_end
    if abs(drift) > MAX_DRIFT:
        return arrival
    return previous_end + max(-MAX_NUDGE, min(MAX_NUDGE, drift))


def ends_before(start: datetime, now: datetime, *, segment_s: int, camera_id: str) -> bool:
    """Whether a segment that began at ``start`` should be over at ``now``.

    Segments end at fixed moments, spread over the cameras so that a disk never gets all ends at once;
    one of less than half the length goes on to the next such moment.
    """
    offset = zlib.crc32(camera_id.encode()) % (segment_s * 1000) / 1000
    earliest = start.timestamp() + segment_s / 2
    return (now.timestamp() + offset) // segment_s > (earliest + offset) // segment_s
