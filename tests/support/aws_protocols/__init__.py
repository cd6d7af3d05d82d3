"""The protocol test suites of botocore (rest-xml, query, ec2), as descriptions and as expectations.

The documents are data of others and not part of this repository: :func:`suites.available` says whether they are there.
"""
