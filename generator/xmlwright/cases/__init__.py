"""Cases: their typed values, what they are tried on, and whether they show everything that is described."""
