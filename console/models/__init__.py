"""Stores as Qt item models."""
