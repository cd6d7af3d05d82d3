"""From declarations, which refer to each other by name, to the values that everything else reads."""
