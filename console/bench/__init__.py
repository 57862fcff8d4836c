"""Measurements of the console; each module has ``main`` and ``run`` and prints one JSON object."""
