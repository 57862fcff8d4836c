"""The video wall."""
