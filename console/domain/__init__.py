"""Frozen values and pure rules of the console; no Qt, no I/O."""
