"""Thin routes: parse, one service call, shape the answer."""
