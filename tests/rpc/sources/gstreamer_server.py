"""RTSP servers that are not ours, run by the system's Python; serve until killed.

Prints two ports: /h264aac, /h265 and /h264alaw are open on the first; on the second, /h264alaw is for the
user "admin" with the password "p@ss:word" by Digest.
"""

import sys

import gi  # type: ignore[import-not-found,import-untyped,unused-ignore]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: E402
    GLib,
    Gst,
    GstRtsp,
    GstRtspServer,
)

PICTURE = "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=25/1"
H264 = f"{PICTURE} ! x264enc tune=zerolatency key-int-max=25 bitrate=300 ! rtph264pay name=pay0 pt=96"
H265 = f"{PICTURE} ! x265enc tune=zerolatency key-int-max=25 bitrate=300 ! rtph265pay name=pay0 pt=96"
TONE = "audiotestsrc is-live=true wave=ticks"
AAC = f"{TONE} ! audio/x-raw,rate=44100,channels=1 ! avenc_aac ! rtpmp4gpay name=pay1 pt=97"
ALAW = f"{TONE} ! audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay name=pay1 pt=8"
MOUNTS = {"/h264aac": f"{H264} {AAC}", "/h265": H265, "/h264alaw": f"{H264} {ALAW}"}


def main() -> None:
    Gst.init(None)
    servers = [serve(guarded=False), serve(guarded=True)]
    sys.stdout.write(" ".join(str(server.get_bound_port()) for server in servers) + "\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


def serve(*, guarded: bool) -> "GstRtspServer.RTSPServer":
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service("0")
    for path, launch in MOUNTS.items():
        factory = GstRtspServer.RTSPMediaFactory.new()
        factory.set_launch(f"( {launch} )")
        factory.set_shared(True)
        if guarded:
            permissions = GstRtspServer.RTSPPermissions.new()
            for permission in ("media.factory.access", "media.factory.construct"):
                permissions.add_permission_for_role("viewer", permission, True)
            factory.set_permissions(permissions)
        server.get_mount_points().add_factory(path, factory)
    if guarded:
        token = GstRtspServer.RTSPToken.new()
        token.set_string("media.factory.role", "viewer")
        auth = GstRtspServer.RTSPAuth.new()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest("admin", "p@ss:word", token)
        server.set_auth(auth)
    server.attach(None)
    return server


main()
