"""Rules, expressions and functions that say what a service does."""
