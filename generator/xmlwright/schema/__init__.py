"""The schema language: its grammar, and reading YAML by it into declarations with positions."""
