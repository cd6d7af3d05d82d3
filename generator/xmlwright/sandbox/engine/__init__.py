"""Execute a call: checked arguments, records of an account, the response. Independent of HTTP."""
