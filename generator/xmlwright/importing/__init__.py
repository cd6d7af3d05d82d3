"""Descriptions made from models of others: service models of botocore, and XML Schemas."""
