"""An RTSP server that is not ours. It runs under the system's Python, where `gi` is, and knows no Snowlight.

With `--check` it exits 0 when all it needs is installed. Otherwise it serves on a free port of 127.0.0.1,
prints the port, and ends when its standard input does.
"""

import argparse
import sys
import threading

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402
    GLib,
    Gst,
    GstRtsp,
    GstRtspServer,
)

PICTURE = (
    "videotestsrc is-live=true pattern={pattern} ! video/x-raw,width=640,height=360,framerate=25/1"
    ' ! clockoverlay time-format="%H:%M:%S" font-desc="Sans 40" ! videoconvert ! video/x-raw,format=I420'
)
H264 = (
    PICTURE.format(pattern="ball")
    + " ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=600 key-int-max=25"
    " ! video/x-h264,profile=main ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=1"
)
# In one thread and without the dearest decisions: else it takes a fifth of a core in three threads, and on a
# machine that is busy the camera stands still for seconds.
H265 = (
    PICTURE.format(pattern="smpte")
    + " ! x265enc tune=zerolatency speed-preset=ultrafast bitrate=600 key-int-max=25"
    ' option-string="pools=none:frame-threads=1:rd=1"'
    " ! h265parse ! rtph265pay name=pay0 pt=96 config-interval=1"
)
TONE = "audiotestsrc is-live=true wave=ticks ! audioconvert ! audioresample"
AAC = (
    TONE
    + " ! audio/x-raw,rate=48000,channels=1 ! avenc_aac bitrate=64000 ! aacparse ! rtpmp4gpay name=pay1 pt=97"
)
PCMA = TONE + " ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8"
G722 = TONE + " ! audio/x-raw,rate=16000,channels=1 ! avenc_g722 ! rtpg722pay name=pay1 pt=9"
G726 = (
    TONE + " ! audio/x-raw,rate=8000,channels=1 ! avenc_g726 bitrate=32000"
    " ! rtpg726pay name=pay1 pt=97 force-aal2=false"
)
STREAMS = {
    "/h264-g722": f"{H264} {G722}",
    "/h264-g726": f"{H264} {G726}",
    "/h264-aac": f"{H264} {AAC}",
    "/h265-pcma": f"{H265} {PCMA}",
    "/h264": H264,
}
ELEMENTS = (
    *("videotestsrc", "clockoverlay", "videoconvert", "audiotestsrc", "audioconvert", "audioresample"),
    *("x264enc", "h264parse", "rtph264pay", "x265enc", "h265parse", "rtph265pay"),
    *("avenc_aac", "aacparse", "rtpmp4gpay", "alawenc", "rtppcmapay"),
    *("rtspclientsink", "rtmp2sink", "flvmux"),  # of gstreamer_publisher.py
    *("avenc_g722", "rtpg722pay", "avenc_g726", "rtpg726pay"),
)
ROLE = "viewer"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--auth", choices=("basic", "digest"), default="digest")
    options = parser.parse_args()
    Gst.init(None)
    if options.check:
        missing = [name for name in ELEMENTS if Gst.ElementFactory.find(name) is None]
        sys.exit(f"GStreamer lacks {', '.join(missing)}" if missing else 0)
    serve(options)


def serve(options: argparse.Namespace) -> None:
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    if options.user:
        server.set_auth(credentials(options))
    for path, pipeline in STREAMS.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(f"( {pipeline} )")
        factory.set_shared(False)  # a shared pipeline's clock jumps for all when one more client joins
        if options.user:
            allowed = f"{ROLE}, media.factory.access=(boolean)true, media.factory.construct=(boolean)true"
            factory.add_role_from_structure(Gst.Structure.from_string(allowed)[0])
        server.get_mount_points().add_factory(path, factory)
    server.attach(None)
    print(server.get_bound_port(), flush=True)
    loop = GLib.MainLoop()
    threading.Thread(target=end_with_input, args=(loop,), daemon=True).start()
    loop.run()


def credentials(options: argparse.Namespace) -> "GstRtspServer.RTSPAuth":
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", ROLE)
    auth = GstRtspServer.RTSPAuth()
    if options.auth == "digest":
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(options.user, options.password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(options.user, options.password), token)
    return auth


def end_with_input(loop: "GLib.MainLoop") -> None:
    """The test's process holds the other end: whichever way it ends, this one does too."""
    sys.stdin.read()
    loop.quit()


if __name__ == "__main__":
    main()
