"""Copies of the client, or of a part of it, in other projects."""
