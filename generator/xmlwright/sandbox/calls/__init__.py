"""What was called: the journal, what was expected, and whether documents are those of the description."""
