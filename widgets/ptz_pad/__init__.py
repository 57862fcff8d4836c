"""The PTZ pad."""
