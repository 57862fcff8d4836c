"""Benchmarks of the console's parts."""
