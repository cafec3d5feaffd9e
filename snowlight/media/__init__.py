"""What services share about footage: fragments, their tables, ISO BMFF boxes."""
