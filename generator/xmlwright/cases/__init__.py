"""Cases: their values, the run-time tables they are tried on, and where documents come from."""
