"""The description in forms that other programs read."""
