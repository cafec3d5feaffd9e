"""Which worker records which cameras."""
