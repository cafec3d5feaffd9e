"""Single pictures, of now and of what was recorded, as JPEG."""
