"""Evidence: footage held past its retention."""
