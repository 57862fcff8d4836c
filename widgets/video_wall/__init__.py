"""The wall of tiles."""
