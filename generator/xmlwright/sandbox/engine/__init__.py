"""What a call does: to checked arguments, to records of an account, to an answer. Knows no HTTP."""
