"""The embedded server: capture, recording, analysis, catalogue and API of one site."""
