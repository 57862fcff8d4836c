"""Steering a camera."""

from widgets.ptz_pad.widget import DirectionPad, PtzPad

__all__ = ["DirectionPad", "PtzPad"]
