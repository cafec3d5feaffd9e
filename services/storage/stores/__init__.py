"""The object stores: where footage lies."""
