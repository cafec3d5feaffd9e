"""What a publishing camera asks for: rtmp://HOST/live/{camera}?key=…, rtsp://HOST/{camera}?key=…"""

import re
from urllib.parse import parse_qs

SOURCE_URL = "push:"
"""The source URL of a camera that publishes."""
_MAX_PATH = 2048
_CAMERA = re.compile(r"[a-z0-9-]{1,63}")


def read_place(path: str) -> tuple[str, str]:
    """The camera's id and the key in the last part of a path; empty where there is none."""
    place, _, query = path[:_MAX_PATH].partition("?")
    camera_id = place.rstrip("/").rpartition("/")[2]
    keys = parse_qs(query, max_num_fields=16).get("key", [""]) if query.count("&") < 16 else [""]
    return camera_id if _CAMERA.fullmatch(camera_id) else "", keys[0]
