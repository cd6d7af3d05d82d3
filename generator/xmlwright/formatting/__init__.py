"""The form of rendered Python: long lines laid out, then Black, remembered by content."""
