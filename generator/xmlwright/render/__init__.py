"""From the resolved description to the text of every file, by a tree of templates."""
