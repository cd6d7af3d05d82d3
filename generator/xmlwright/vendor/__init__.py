"""A copy of part of the client for a project of its own."""
