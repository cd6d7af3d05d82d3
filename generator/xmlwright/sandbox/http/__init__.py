"""HTTP, TLS and OAuth around the engine, and what is posted to others."""
