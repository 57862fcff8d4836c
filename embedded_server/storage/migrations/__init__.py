"""Revisions of the catalogue; they only expand."""
