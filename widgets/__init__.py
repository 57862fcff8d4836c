"""Reusable widgets; they know Qt and nothing of us."""
