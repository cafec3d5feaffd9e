"""Evidence: footage copied where nobody can change it, with a signed manifest."""
