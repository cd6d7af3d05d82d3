"""Records from outside and in files: seeds, recordings, the database, what accounts hold."""
