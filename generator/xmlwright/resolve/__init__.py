"""Resolves declarations, which refer to each other by name, into the IR."""
