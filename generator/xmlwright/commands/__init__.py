"""Commands of the command line; docs/ and sandbox/ have their own."""
