"""Which encoders there are, for who does not encode."""

SOFTWARE = "libx264"
OPTIONS: dict[str, dict[str, str]] = {
    # Each picture comes out as it goes in: a part of half a second may not wait for the next one.
    "libx264": {
        **{"preset": "veryfast", "tune": "zerolatency", "profile": "high"},
        **{"forced-idr": "1", "sc_threshold": "0", "a53cc": "0"},
    },
    "h264_nvenc": {
        "preset": "p3",
        "tune": "ull",
        "zerolatency": "1",
        "delay": "0",
        "forced-idr": "1",
        "rc": "vbr",
    },
    "h264_qsv": {"async_depth": "1", "forced_idr": "1", "look_ahead": "0"},
    "h264_vaapi": {"async_depth": "1"},
    "h264_v4l2m2m": {},
}
HARDWARE = tuple(OPTIONS)[1:]
