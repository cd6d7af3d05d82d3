"""Formats of the description for other programs."""
