"""Regions, principals and jurisdictions, and who may change them."""
