"""The inspector: pages that show what happens in a sandbox. Rendered on the server; nothing is fetched from elsewhere."""
