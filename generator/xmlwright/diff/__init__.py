"""Comparison of descriptions."""
