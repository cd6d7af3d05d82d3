"""From an HTTP request to a described method and its arguments: the inverse of what a client does."""
