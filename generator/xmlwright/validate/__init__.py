"""Checks of a resolved description: identifiers, cases, coverage."""
