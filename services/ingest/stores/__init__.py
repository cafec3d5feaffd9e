"""Which object store a camera's footage goes to."""
