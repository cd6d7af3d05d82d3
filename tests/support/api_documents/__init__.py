"""Documents of real APIs, tried on the descriptions in ``examples/``."""
