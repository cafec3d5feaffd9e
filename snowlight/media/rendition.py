"""Names of the renditions in which a camera's live pictures may be had."""

from typing import Final

MAIN: Final = "main"
"""What the camera sends, and what is recorded."""
SUB: Final = "sub"
"""The camera's own small stream."""
H264: Final = "h264"
"""The main one in H.264, as large as it is."""
LADDER: Final = ("1080p", "720p", "360p")
"""Smaller ones in H.264, by the lines of their pictures."""
RENDITIONS: Final = (MAIN, SUB, H264, *LADDER)
