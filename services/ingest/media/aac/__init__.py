"""AAC-LC (ISO/IEC 14496-3, 4) for what cameras hear: long windows alone, half a second of frames at once."""
