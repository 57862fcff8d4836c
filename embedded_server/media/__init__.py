"""Packets and frames: sources, hub, live readers, the media process."""
