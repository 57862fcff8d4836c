"""Data only: icons, themes, model list."""
