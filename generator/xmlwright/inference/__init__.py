"""Proposals for a description from documents."""
