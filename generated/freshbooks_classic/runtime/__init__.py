"""Hand-written code that every generated client carries, unchanged.

It knows the shapes of XML-over-HTTP APIs and no particular API: everything particular is in the tables of the
generated modules.
"""
