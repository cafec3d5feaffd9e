"""Where the pictures come from: one source per camera, all behind the same contract (source.py)."""
