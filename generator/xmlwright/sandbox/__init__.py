"""A server that behaves like a described API: the engine, and what stands around it."""
