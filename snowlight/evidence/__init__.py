"""Evidence: the manifest of an export, its signature, and the check of both with the footage, offline."""
