"""Decoding for display."""
