"""One minute of a camera, encoded once and kept on disk."""
