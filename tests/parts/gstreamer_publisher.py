"""A camera that is not ours and publishes. It runs under the system's Python, where `gi` is.

Runs the pipeline that is its argument until something breaks: then it says what and exits 1.
"""

import sys

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # type: ignore[import-not-found]  # noqa: E402

Gst.init(None)
pipeline = Gst.parse_launch(sys.argv[1])
pipeline.set_state(Gst.State.PLAYING)
ends = Gst.MessageType.ERROR | Gst.MessageType.EOS
message = pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, ends)
sys.exit(str(message.parse_error()) if message.type == Gst.MessageType.ERROR else "the end")
