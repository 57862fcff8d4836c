"""Benchmarks of the server's parts."""
