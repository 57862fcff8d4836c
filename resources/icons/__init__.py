"""The application icon."""
