"""A timeline: recorded runs, gaps with their cause, events, a playhead and the live edge."""

from widgets.timeline.scale import Scale, TimeSpan
from widgets.timeline.values import GapMark, Lane, Mark
from widgets.timeline.widget import TimelineWidget

__all__ = ["GapMark", "Lane", "Mark", "Scale", "TimeSpan", "TimelineWidget"]
