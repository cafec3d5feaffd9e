"""What storage knows of cameras."""
