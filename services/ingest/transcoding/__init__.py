"""A camera's fragments encoded anew as H.264, smaller or as large, each transcode in a process of its own."""
