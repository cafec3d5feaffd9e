"""GStreamer as a player. It runs under the system's Python, where `gi` is, and knows no Snowlight.

With `--check` it exits 0 when all it needs is installed. Otherwise it plays a URL as fast as it comes, to its
end or for so many pictures, and writes to standard output for each picture a line of JSON and its luma, and
at the end one more line that tells what was played with and heard.
"""

import argparse
import json
import sys
import threading

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # type: ignore[import-not-found]  # noqa: E402

ELEMENTS = (
    *("uridecodebin3", "hlsdemux2", "souphttpsrc", "qtdemux", "tsdemux", "h264parse", "aacparse"),
    *("avdec_h264", "avdec_aac", "videoconvert", "appsink"),
)
LUMA = "video/x-raw,format=GRAY8"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--pictures", type=int, default=1 << 30)
    parser.add_argument("url", nargs="?")
    options = parser.parse_args()
    Gst.init(None)
    if options.check:
        missing = [name for name in ELEMENTS if Gst.ElementFactory.find(name) is None]
        sys.exit(f"GStreamer lacks {', '.join(missing)}" if missing else 0)
    Playing(options.url, options.pictures).run()


class Playing:
    """One pipeline; each decoded stream ends in an appsink."""

    def __init__(self, url: str, pictures: int) -> None:
        self._wanted = pictures
        self._sounds: list[tuple[int, int]] = []
        self._factories: set[str] = set()
        self._writing = threading.Lock()
        self._pictures = 0
        self._pipeline = Gst.Pipeline.new()
        source = Gst.ElementFactory.make("uridecodebin3")
        source.set_property("uri", url)
        source.connect("pad-added", self._decoded)
        self._pipeline.connect("deep-element-added", self._added)
        self._pipeline.add(source)

    def run(self) -> None:
        """Until the end of the stream, the last picture that is wanted, or an error, which is told."""
        self._pipeline.set_state(Gst.State.PLAYING)
        kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR | Gst.MessageType.APPLICATION
        message = self._pipeline.get_bus().timed_pop_filtered(Gst.CLOCK_TIME_NONE, kinds)
        error = ""
        if message.type == Gst.MessageType.ERROR:
            error = " ".join(map(str, message.parse_error()))
        with self._writing:  # whatever comes now is not wanted
            self._wanted = 0
        self._pipeline.set_state(Gst.State.NULL)
        self._write({"factories": sorted(self._factories), "sounds": self._sounds, "error": error})

    def _added(self, _pipeline: object, _bin: object, element: "Gst.Element") -> None:
        factory = element.get_factory()
        if factory is not None:
            self._factories.add(factory.get_name())

    def _decoded(self, _source: object, pad: "Gst.Pad") -> None:
        video = pad.get_name().startswith("video")
        text = f"videoconvert ! {LUMA} ! appsink" if video else "appsink"
        end = Gst.parse_bin_from_description(f"queue ! {text} name=end sync=false emit-signals=true", True)
        end.get_by_name("end").connect("new-sample", self._picture if video else self._sound)
        self._pipeline.add(end)
        pad.link(end.get_static_pad("sink"))
        end.sync_state_with_parent()

    def _picture(self, sink: "Gst.Element") -> "Gst.FlowReturn":
        sample = sink.emit("pull-sample")
        buffer, form = sample.get_buffer(), sample.get_caps().get_structure(0)
        width, height = form.get_value("width"), form.get_value("height")
        data = buffer.extract_dup(0, buffer.get_size())
        told = {"at": buffer.pts, "width": width, "height": height}
        with self._writing:
            if self._pictures < self._wanted:
                self._write(told | {"size": len(data)}, data)
                self._pictures += 1
                if self._pictures == self._wanted:
                    enough = Gst.Message.new_application(self._pipeline, Gst.Structure.new_empty("enough"))
                    self._pipeline.post_message(enough)
        return Gst.FlowReturn.OK

    def _sound(self, sink: "Gst.Element") -> "Gst.FlowReturn":
        buffer = sink.emit("pull-sample").get_buffer()
        self._sounds.append((buffer.pts, buffer.duration))
        return Gst.FlowReturn.OK

    def _write(self, told: object, data: bytes = b"") -> None:
        sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + data)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
