"""The picture: a village under a camera, with its name and the second of the minute burnt in."""
