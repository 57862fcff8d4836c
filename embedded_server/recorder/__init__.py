"""Segments of footage, written without decoding."""
