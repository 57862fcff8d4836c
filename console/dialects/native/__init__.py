"""Gatehouse's own server."""
